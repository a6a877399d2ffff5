import { Refusal } from "../../base/refusal";
import { TWO_FACTOR_POLICIES } from "../../base/two-factor-policy";
import { leave } from "../../web/leave";
import { drawPage, type Page } from "../../web/page";
import { type Form, readForm, readQuery } from "../../web/read-form";
import { startSession } from "../../web/start-session";
import { countUnknownToken } from "../../web/throttle";
import { actorOf, type Visit } from "../../web/visit";
import { createAdministrator } from "./create-administrator";
import { readSetUpForm } from "./form";

/** GET /setup: the form for the first administrator. */
export async function show(visit: Visit): Promise<void> {
  await refuseStrangers(visit, readQuery(visit.req).token);
  await draw(visit, { twoFactorPolicy: "everyone" });
}

/** POST /setup: creates the first administrator, who goes straight on to enrolment. */
export async function create(visit: Visit): Promise<void> {
  const form = readForm(visit.req);
  await refuseStrangers(visit, readQuery(visit.req).token);
  const read = readSetUpForm(form);
  if (!read.ok) return draw(visit, form, { status: 422, errors: read.errors });
  const { desk, req } = visit;
  const passwordHash = await desk.passwords.hash(read.input.password);
  const created = await createAdministrator(desk.db, actorOf(visit), read.input, passwordHash);
  if (created === "already-set-up") throw gone();
  req.session.passwordGivenAt = desk.now().getTime();
  const { personId } = created;
  await startSession(visit, { personId, passwordHash, stage: async () => "enrolment", secondFactor: "none" });
  await leave(visit, "/two-factor/enrol");
}

async function refuseStrangers(visit: Visit, token: string | undefined): Promise<void> {
  const { desk } = visit;
  if (await desk.isSetUp()) throw gone();
  if (token === undefined || !desk.isSetUpToken(token)) {
    await countUnknownToken(visit);
    throw new Refusal(
      403,
      "This set-up address is not the one of this installation. Take it from the server's log.",
    );
  }
}

function gone(): Refusal {
  return new Refusal(
    404,
    "There is no page at this address: this installation has been set up. You can sign in.",
  );
}

function draw(visit: Visit, values: Form, page: Partial<Page> = {}): Promise<void> {
  return drawPage(visit, "setup/setup", {
    title: "Set up Latchkey",
    values: { ...values, password: "" },
    policies: TWO_FACTOR_POLICIES,
    ...page,
  });
}
