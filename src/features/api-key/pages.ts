import { listCallers } from "../../records/api-key-callers";
import { findLiveApiKey } from "../../records/api-keys";
import { leave } from "../../web/leave";
import { drawPage } from "../../web/page";
import { readForm } from "../../web/read-form";
import { actorOf, type PersonVisit } from "../../web/visit";
import { generateApiKey } from "./generate-api-key";
import { regenerateApiKey } from "./regenerate-api-key";
import { revokeApiKey } from "./revoke-api-key";

/** What a form carries instead of a key's id when there was no key. */
const NO_KEY = "none";

/** GET /profile/api-key/generate: the button once more, for those who had to confirm their password first. */
export async function confirmGenerate(visit: PersonVisit): Promise<void> {
  if (await findLiveApiKey(visit.desk.db, visit.person.id)) return leave(visit, "/profile");
  await drawPage(visit, "api-key/generate", { title: "Generate API Key" });
}

/** POST /profile/api-key/generate: the answer shows the new key, this once. */
export async function generate(visit: PersonVisit): Promise<void> {
  const { replaces } = readForm(visit.req);
  if (replaces !== NO_KEY) return drawStale(visit);
  const made = await generateApiKey(visit.desk.db, actorOf(visit), visit.person.id);
  if (made === "stale-key") return drawStale(visit);
  await drawKey(visit, made.key);
}

/** GET /profile/api-key/regenerate: warns that the present key stops at once, and shows where it is in use. */
export async function confirmRegenerate(visit: PersonVisit): Promise<void> {
  await drawWarning(visit, "api-key/regenerate", "Regenerate API Key");
}

/** POST /profile/api-key/regenerate: the answer shows the new key, this once. */
export async function regenerate(visit: PersonVisit): Promise<void> {
  const { replaces = "" } = readForm(visit.req);
  const made = await regenerateApiKey(visit.desk.db, actorOf(visit), visit.person.id, replaces);
  if (made === "stale-key") return drawStale(visit);
  await drawKey(visit, made.key);
}

/** GET /profile/api-key/revoke: asks before the key is revoked. */
export async function confirmRevoke(visit: PersonVisit): Promise<void> {
  await drawWarning(visit, "api-key/revoke", "Revoke API key");
}

/** POST /profile/api-key/revoke: revokes the key. */
export async function revoke(visit: PersonVisit): Promise<void> {
  const { replaces = "" } = readForm(visit.req);
  const answer = await revokeApiKey(visit.desk.db, actorOf(visit), visit.person.id, replaces);
  if (answer === "stale-key") return drawStale(visit);
  await leave(visit, "/profile", `Your API key lk${replaces} is revoked. Nothing accepts it any more.`);
}

async function drawWarning(visit: PersonVisit, view: string, title: string): Promise<void> {
  const { desk, person } = visit;
  const apiKey = await findLiveApiKey(desk.db, person.id);
  if (!apiKey) return leave(visit, "/profile", "You have no API key at the moment.");
  await desk.calls.flush();
  await drawPage(visit, view, { title, apiKey, callers: await listCallers(desk.db, apiKey.id, 200) });
}

// Drawn in the answer to the POST and kept nowhere: not in the session, and not behind a redirect.
async function drawKey(visit: PersonVisit, key: string): Promise<void> {
  const { desk, person } = visit;
  await drawPage(visit, "api-key/show-once", {
    title: "Your new API key",
    key,
    email: person.email,
    verifyUrl: new URL("/v1/authentication/verify", desk.baseUrl).href,
  });
}

async function drawStale(visit: PersonVisit): Promise<void> {
  const apiKey = await findLiveApiKey(visit.desk.db, visit.person.id);
  await drawPage(visit, "api-key/stale", { title: "Nothing was changed", status: 409, apiKey });
}
