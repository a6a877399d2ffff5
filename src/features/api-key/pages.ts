import type { KeyHolder } from "../../base/key-owner";
import { Refusal } from "../../base/refusal";
import { findLiveApiKey } from "../../records/api-keys/api-keys";
import { listCallers } from "../../records/api-keys/callers";
import { leave } from "../../web/leave";
import { drawPage } from "../../web/page";
import { readForm } from "../../web/read-form";
import { serviceAccountOf } from "../../web/service-account-of";
import { actorOf, type PersonVisit } from "../../web/visit";
import { generateApiKey } from "./generate-api-key";
import { regenerateApiKey } from "./regenerate-api-key";
import { revokeApiKey } from "./revoke-api-key";

/** What a form carries instead of a key's id when there was no key. */
const NO_KEY = "none";

/** /profile/api-key: the pages about one's own key. */
export const own = pagesOf(async ({ person }) => ({
  owner: { kind: "person", id: person.id },
  name: person.email,
  mailTo: person.email,
  page: "/profile",
}));

/** /admin/service-accounts/:id/api-key: the same pages about the key of a service account. */
export const ofServiceAccount = pagesOf(async (visit) => {
  const account = await serviceAccountOf(visit);
  return {
    owner: { kind: "service-account", id: account.id },
    name: account.name,
    account: account.name,
    inactive: account.deactivatedAt !== null,
    mailTo: account.responsibleEmail,
    page: `/admin/service-accounts/${account.id}`,
  };
});

function refuseInactive({ inactive, account }: KeyHolder): void {
  if (inactive)
    throw new Refusal(409, `${account} is deactivated, so nothing was changed. Reactivate it first.`);
}

/** The pages about the key of whom `holderOf` finds. */
function pagesOf(holderOf: (visit: PersonVisit) => Promise<KeyHolder>) {
  return {
    /** GET …/generate: the button once more, for those who had to confirm their password first. */
    async confirmGenerate(visit: PersonVisit): Promise<void> {
      const holder = await holderOf(visit);
      refuseInactive(holder);
      if (await findLiveApiKey(visit.desk.db, holder.owner)) return leave(visit, holder.page);
      await drawPage(visit, "api-key/generate", { title: "Generate API Key", holder });
    },

    /** POST …/generate: the answer shows the new key, this once. */
    async generate(visit: PersonVisit): Promise<void> {
      const holder = await holderOf(visit);
      const { db, seal } = visit.desk;
      const { replaces } = readForm(visit.req);
      refuseInactive(holder);
      if (replaces !== NO_KEY) return drawStale(visit, holder);
      const made = await generateApiKey(db, seal, actorOf(visit), holder);
      if (made === "stale-key") return drawStale(visit, holder);
      await drawKey(visit, holder, made.key);
    },

    /** GET …/regenerate: warns that the present key stops at once, and shows where it is in use. */
    async confirmRegenerate(visit: PersonVisit): Promise<void> {
      const holder = await holderOf(visit);
      refuseInactive(holder);
      await drawWarning(visit, holder, "api-key/regenerate", "Regenerate API Key");
    },

    /** POST …/regenerate: the answer shows the new key, this once. */
    async regenerate(visit: PersonVisit): Promise<void> {
      const holder = await holderOf(visit);
      const { db, seal } = visit.desk;
      const { replaces = "" } = readForm(visit.req);
      refuseInactive(holder);
      const made = await regenerateApiKey(db, seal, actorOf(visit), holder, replaces);
      if (made === "stale-key") return drawStale(visit, holder);
      await drawKey(visit, holder, made.key);
    },

    /** GET …/revoke: asks before the key is revoked. */
    async confirmRevoke(visit: PersonVisit): Promise<void> {
      await drawWarning(visit, await holderOf(visit), "api-key/revoke", "Revoke API key");
    },

    /** POST …/revoke: revokes the key. */
    async revoke(visit: PersonVisit): Promise<void> {
      const holder = await holderOf(visit);
      const { db, seal } = visit.desk;
      const { replaces = "" } = readForm(visit.req);
      const answer = await revokeApiKey(db, seal, actorOf(visit), holder, replaces);
      if (answer === "stale-key") return drawStale(visit, holder);
      const whose = holder.account === undefined ? "Your API key" : "The API key";
      await leave(visit, holder.page, `${whose} lk${replaces} is revoked. Nothing accepts it any more.`);
    },
  };
}

async function drawWarning(
  visit: PersonVisit,
  holder: KeyHolder,
  view: string,
  title: string,
): Promise<void> {
  const { desk } = visit;
  const apiKey = await findLiveApiKey(desk.db, holder.owner);
  if (!apiKey) return leave(visit, holder.page, "There is no API key at the moment.");
  await desk.calls.flush();
  const callers = await listCallers(desk.db, apiKey.id, 200);
  await drawPage(visit, view, { title, holder, apiKey, callers });
}

// Drawn in the answer to the POST and kept nowhere: not in the session, and not behind a redirect.
async function drawKey(visit: PersonVisit, holder: KeyHolder, key: string): Promise<void> {
  await drawPage(visit, "api-key/show-once", {
    title: holder.account === undefined ? "Your new API key" : "The new API key",
    key,
    holder,
    verifyUrl: new URL("/v1/authentication/verify", visit.desk.baseUrl).href,
  });
}

async function drawStale(visit: PersonVisit, holder: KeyHolder): Promise<void> {
  const apiKey = await findLiveApiKey(visit.desk.db, holder.owner);
  await drawPage(visit, "api-key/stale", { title: "Nothing was changed", status: 409, holder, apiKey });
}
