import { readBySchema } from "../../../platform/form-errors";
import { findLiveApiKey } from "../../../records/api-keys/api-keys";
import { listCallers } from "../../../records/api-keys/callers";
import { countOpenInvitations } from "../../../records/links";
import { findSecondFactor } from "../../../records/second-factors";
import { listServiceAccountsOf } from "../../../records/service-accounts";
import { leave } from "../../../web/leave";
import { drawPage, type Page } from "../../../web/page";
import { readForm } from "../../../web/read-form";
import { told } from "../../../web/told";
import { actorOf, type PersonVisit } from "../../../web/visit";
import { endSessions } from "../end-sessions";
import { findOther, findOtherAccount, findSubject, type Subject } from "../find-subject";
import { reasonForm } from "../form";
import { resetTwoFactor } from "../reset-two-factor";
import { revokeKey } from "../revoke-key";
import { deactivatePerson } from "./deactivate-person";
import { reactivatePerson } from "./reactivate-person";

/** GET /admin/people/:id/reset-two-factor: asks why. */
export async function confirmReset(visit: PersonVisit): Promise<void> {
  await drawReset(visit, await other(visit));
}

/** POST /admin/people/:id/reset-two-factor: resets it, for the reason given. */
export async function reset(visit: PersonVisit): Promise<void> {
  const { desk } = visit;
  const form = readForm(visit.req);
  const subject = await other(visit);
  const read = readBySchema(reasonForm, form);
  if (!read.ok)
    return drawReset(visit, subject, { status: 422, errors: read.errors, reason: form.reason ?? "" });
  const done = await resetTwoFactor(desk.db, desk.seal, actorOf(visit), [subject.id], read.input.reason);
  const notice =
    done === 1
      ? `Two-factor authentication is reset. They are signed out everywhere and enrol at next sign-in. ${told(desk)}`
      : "Nothing was changed: they have no two-factor authentication at the moment.";
  await leave(visit, pageOf(subject), notice);
}

/** GET /admin/people/:id/end-sessions: asks. */
export async function confirmEndSessions(visit: PersonVisit): Promise<void> {
  const subject = await other(visit);
  const title = `Sign out ${nameOf(subject)} everywhere`;
  await drawPage(visit, "admin-people/end-sessions", { title, subject });
}

/** POST /admin/people/:id/end-sessions: signs them out everywhere. */
export async function endAll(visit: PersonVisit): Promise<void> {
  const subject = await other(visit);
  const ended = await endSessions(visit.desk.db, actorOf(visit), subject.id);
  const notice = ended === 0 ? "They were signed in nowhere." : "They are signed out everywhere.";
  await leave(visit, pageOf(subject), notice);
}

/** GET /admin/people/:id/api-key/revoke: asks, and shows where the key is in use. */
export async function confirmRevoke(visit: PersonVisit): Promise<void> {
  const { db, calls } = visit.desk;
  const subject = await otherAccount(visit);
  const apiKey = await findLiveApiKey(db, { kind: "person", id: subject.id });
  if (!apiKey) return leave(visit, pageOf(subject), "They have no API key at the moment.");
  await calls.flush();
  const callers = await listCallers(db, apiKey.id, 200);
  await drawPage(visit, "admin-people/revoke-key", { title: "Revoke API key", subject, apiKey, callers });
}

/** POST /admin/people/:id/api-key/revoke: revokes the key the form was about. */
export async function revoke(visit: PersonVisit): Promise<void> {
  const { desk } = visit;
  const { replaces = "" } = readForm(visit.req);
  const subject = await otherAccount(visit);
  const answer = await revokeKey(desk.db, desk.seal, actorOf(visit), subject, replaces);
  if (answer === "revoked")
    return leave(
      visit,
      pageOf(subject),
      `Their API key lk${replaces} is revoked. Nothing accepts it any more.`,
    );
  const title = "Nothing was changed";
  await drawPage(visit, "admin-people/stale-key", { title, status: 409, subject });
}

/** GET /admin/people/:id/deactivate: asks, also for a successor where one is needed. */
export async function confirmDeactivate(visit: PersonVisit): Promise<void> {
  await drawDeactivate(visit, await findSubject(visit.desk.db, visit.req.params.id));
}

/** POST /admin/people/:id/deactivate: deactivates them, unless nobody would be left to administer. */
export async function deactivate(visit: PersonVisit): Promise<void> {
  const { db, seal } = visit.desk;
  const { successor = "" } = readForm(visit.req);
  const subject = await findSubject(db, visit.req.params.id);
  const answer = await deactivatePerson(db, seal, actorOf(visit), subject.id, successor.trim());
  if (answer === "deactivated")
    return leave(visit, pageOf(subject), "Deactivated. They are signed out everywhere.");
  if (answer === "already-deactivated")
    return leave(visit, pageOf(subject), "They had been deactivated already.");
  if (answer === "last-administrator") return drawDeactivate(visit, subject, { status: 409, last: true });
  const message =
    answer === "successor-missing"
      ? "Enter the email of the person who takes over their service accounts"
      : "Enter the email of another active person: nobody with this one can take over";
  const errors = [{ field: "successor", message }];
  await drawDeactivate(visit, subject, { status: 422, errors, successor });
}

/** GET /admin/people/:id/reactivate: asks. */
export async function confirmReactivate(visit: PersonVisit): Promise<void> {
  const subject = await findSubject(visit.desk.db, visit.req.params.id);
  await drawPage(visit, "admin-people/reactivate", { title: `Reactivate ${nameOf(subject)}`, subject });
}

/** POST /admin/people/:id/reactivate: lets them sign in again. */
export async function reactivate(visit: PersonVisit): Promise<void> {
  const subject = await findSubject(visit.desk.db, visit.req.params.id);
  const answer = await reactivatePerson(visit.desk.db, actorOf(visit), subject.id);
  const notice =
    answer === "reactivated" ? "Reactivated. They can sign in again." : "They had been active already.";
  await leave(visit, pageOf(subject), notice);
}

function nameOf({ firstName, lastName }: Subject): string {
  return `${firstName} ${lastName}`;
}

function pageOf(subject: Subject): string {
  return `/admin/people/${subject.id}`;
}

function other({ req, desk, person }: PersonVisit): Promise<Subject> {
  return findOther(desk.db, req.params.id, person.id);
}

// A key can be revoked while its owner is deactivated, so that it does not come back with them.
function otherAccount({ req, desk, person }: PersonVisit): Promise<Subject> {
  return findOtherAccount(desk.db, req.params.id, person.id);
}

async function drawReset(visit: PersonVisit, subject: Subject, page: Partial<Page> = {}): Promise<void> {
  const enrolled = (await findSecondFactor(visit.desk.db, subject.id)) !== undefined;
  const title = "Reset Two-Factor Authentication";
  await drawPage(visit, "admin-people/reset-one", { title, subject, enrolled, ...page });
}

async function drawDeactivate(visit: PersonVisit, subject: Subject, page: Partial<Page> = {}): Promise<void> {
  const { db } = visit.desk;
  await drawPage(visit, "admin-people/deactivate", {
    title: `Deactivate ${nameOf(subject)}`,
    subject,
    own: subject.id === visit.person.id,
    serviceAccounts: await listServiceAccountsOf(db, subject.id),
    invitations: await countOpenInvitations(db, subject.id),
    ...page,
  });
}
