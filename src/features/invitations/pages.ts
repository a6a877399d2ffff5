import { randomUUID } from "node:crypto";
import { hashLinkToken } from "../../base/link-token";
import { MEMBER, OWN_ROLES } from "../../base/roles";
import { readBySchema } from "../../platform/form-errors";
import { findLink, findOpenInvitation, type Link, listOpenLinks } from "../../records/links";
import { findAccount } from "../../records/people";
import { leave } from "../../web/leave";
import { liveSessionOf } from "../../web/live-session-of";
import { drawPage, type Page } from "../../web/page";
import { type Form, readForm, readQuery } from "../../web/read-form";
import { startSession } from "../../web/start-session";
import { countUnknownToken } from "../../web/throttle";
import { actorOf, type PersonVisit, type Visit } from "../../web/visit";
import { acceptInvitation } from "./accept-invitation";
import { inviteForm, readJoinForm } from "./form";
import { type SendAnswer, sendInvitation } from "./send-invitation";
import { withdrawInvitation } from "./withdraw-invitation";

/** Open invitations listed at most. */
const LISTED = 200;

/** GET /admin/people/invite: the form, and the invitations that are open. */
export async function showInvite(visit: PersonVisit): Promise<void> {
  await drawInvite(visit, { email: "", role: MEMBER });
}

/** POST /admin/people/invite: mails the link, and shows it this once. */
export async function invite(visit: PersonVisit): Promise<void> {
  const { desk, person } = visit;
  const form = readForm(visit.req);
  const read = readBySchema(inviteForm, form);
  if (!read.ok) return drawInvite(visit, form, { status: 422, errors: read.errors });
  const invitedBy = `${person.firstName} ${person.lastName}`;
  const sent = await sendInvitation(desk.db, desk, actorOf(visit), invitedBy, read.input);
  if (typeof sent === "string") return drawInvite(visit, form, notSent(sent));
  const { email } = read.input;
  const title = desk.mail.configured ? "Invitation sent" : "Invitation made";
  await drawPage(visit, "invitations/sent", { title, email, ...sent });
}

/** GET /admin/people/invite/withdraw: asks before an open invitation is withdrawn. */
export async function confirmWithdraw(visit: PersonVisit): Promise<void> {
  const { id = "" } = readQuery(visit.req);
  const invitation = await findOpenInvitation(visit.desk.db, id);
  if (!invitation) return leave(visit, "/admin/people/invite", NOT_OPEN);
  await drawPage(visit, "invitations/withdraw", { title: "Withdraw invitation", invitation });
}

/** POST /admin/people/invite/withdraw: the link stops working. */
export async function withdraw(visit: PersonVisit): Promise<void> {
  const { id = "" } = readForm(visit.req);
  const answer = await withdrawInvitation(visit.desk.db, actorOf(visit), id);
  const notice =
    answer === "not-open"
      ? NOT_OPEN
      : `The invitation to ${answer.email} is withdrawn. Its link no longer works.`;
  await leave(visit, "/admin/people/invite", notice);
}

/** GET /invitation: the form to join with. Opening it changes nothing: mail scanners open links too. */
export async function show(visit: Visit): Promise<void> {
  const link = await findInvitation(visit);
  if (link?.state !== "open" || (await findAccount(visit.desk.db, link.email))) return drawDead(visit, link);
  await drawJoin(visit, link, {});
}

/** POST /invitation: makes the account and goes straight on to enrolment. */
export async function join(visit: Visit): Promise<void> {
  const { desk, req } = visit;
  const form = readForm(req);
  const link = await findInvitation(visit);
  if (link?.state !== "open") return drawDead(visit, link);
  const read = readJoinForm(form, link.email);
  if (!read.ok) return drawJoin(visit, link, form, { status: 422, errors: read.errors });
  const passwordHash = await desk.passwords.hash(read.input.password);
  const hash = hashLinkToken(tokenOf(visit));
  const joined = await acceptInvitation(desk.db, actorOf(visit), hash, read.input, passwordHash);
  if (typeof joined === "string") return drawDead(visit, await findInvitation(visit));
  req.session.passwordGivenAt = desk.now().getTime();
  req.session.returnTo = "/profile";
  // A new account has no second factor, and where it is optional enrolment can be put off there.
  const { personId } = joined;
  await startSession(visit, { personId, passwordHash, stage: async () => "enrolment", secondFactor: "none" });
  await leave(visit, "/two-factor/enrol");
}

const NOT_OPEN = "That invitation is not open any more, so nothing was changed.";

function tokenOf({ req }: Visit): string {
  return readQuery(req).token ?? "";
}

function findInvitation(visit: Visit): Promise<Link | undefined> {
  return findLink(visit.desk.db, "invitation", hashLinkToken(tokenOf(visit)));
}

function notSent(answer: Extract<SendAnswer, string>): Partial<Page> {
  if (answer === "sent-already") return { status: 409, sentAlready: true };
  const message = {
    "has-account": "Somebody with this email has an account already. Look for them under People",
    "has-deactivated-account":
      "Somebody with this email has an account that is deactivated. Reactivate it under People",
  }[answer];
  return { status: 422, errors: [{ field: "email", message }] };
}

// Each drawing of the form names an invitation of its own, so that only sending the same page twice counts as twice.
async function drawInvite(visit: PersonVisit, values: Form, page: Partial<Page> = {}): Promise<void> {
  await drawPage(visit, "invitations/invite", {
    title: "Invite",
    values,
    roles: OWN_ROLES,
    invitation: randomUUID(),
    open: await listOpenLinks(visit.desk.db, "invitation", LISTED),
    ...page,
  });
}

async function drawJoin(visit: Visit, link: Link, values: Form, page: Partial<Page> = {}): Promise<void> {
  const { firstName, lastName } = values;
  await drawPage(visit, "invitations/join", {
    title: "Join",
    email: link.email,
    values: { firstName, lastName },
    signedInAs: liveSessionOf(visit)?.person.email,
    ...page,
  });
}

async function drawDead(visit: Visit, link: Link | undefined): Promise<void> {
  if (!link) await countUnknownToken(visit);
  const hasAccount = link !== undefined && (await findAccount(visit.desk.db, link.email)) !== undefined;
  await drawPage(visit, "invitations/dead", {
    title: "This invitation no longer works",
    status: link ? 410 : 404,
    state: link?.state ?? "unknown",
    hasAccount,
  });
}
