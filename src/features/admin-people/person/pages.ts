import { ADMINISTRATOR, API_ACCESS_ONLY, MEMBER, OWN_ROLES } from "../../../base/roles";
import { readBySchema } from "../../../platform/form-errors";
import { findLiveApiKey } from "../../../records/api-keys/api-keys";
import { listRoles } from "../../../records/roles";
import { findSecondFactor } from "../../../records/second-factors";
import { listSessions } from "../../../records/sessions/sessions";
import { changeProfile } from "../../../web/change-profile";
import { leave } from "../../../web/leave";
import { drawPage, type Page } from "../../../web/page";
import { asForm, savedNotice, staleErrors } from "../../../web/profile-fields";
import { type Form, readForm } from "../../../web/read-form";
import { keepOffered, timeoutChoice } from "../../../web/timeout-choice";
import { actorOf, type PersonVisit } from "../../../web/visit";
import { changeRoles } from "../change-roles";
import { findOther, findSubject, type Subject } from "../find-subject";
import { detailsForm } from "../form";

/** GET /admin/people/:id: what an administrator can see and change of somebody. */
export async function show(visit: PersonVisit): Promise<void> {
  const subject = await findSubject(visit.desk.db, visit.req.params.id);
  await draw(visit, subject, asForm(subject));
}

/** POST /admin/people/:id: saves their details, unless they were saved elsewhere since. */
export async function save(visit: PersonVisit): Promise<void> {
  const { desk } = visit;
  const form = readForm(visit.req);
  const subject = await findOther(desk.db, visit.req.params.id, visit.person.id);
  const read = readBySchema(detailsForm, form);
  if (!read.ok) return draw(visit, subject, form, { status: 422, errors: read.errors });
  const { version, ...details } = read.input;
  const errors = timeoutChoice(visit.session.ceilings, subject, "They").errorsOf(details.sessionTimeout);
  if (errors.length > 0) return draw(visit, subject, form, { status: 422, errors });
  const saved = await changeProfile(desk.db, "person.changed", actorOf(visit), subject.id, version, details);
  if (saved === "stale") return drawStale(visit, form);
  await leave(visit, `/admin/people/${subject.id}`, savedNotice(saved.changed));
}

/** GET /admin/people/:id/roles: the roles they have, to change. */
export async function showRoles(visit: PersonVisit): Promise<void> {
  await drawRoles(visit, await findOther(visit.desk.db, visit.req.params.id, visit.person.id));
}

/** POST /admin/people/:id/roles: gives them the chosen roles. */
export async function saveRoles(visit: PersonVisit): Promise<void> {
  const { desk } = visit;
  const form = readForm(visit.req);
  const subject = await findOther(desk.db, visit.req.params.id, visit.person.id);
  const chosen = chosenRoles(form, [...(await listRoles(desk.db)), ...subject.roles]);
  if (!chosen) {
    const errors = [{ field: "role", message: "Choose a role from the list" }];
    return drawRoles(visit, subject, { status: 422, errors });
  }
  const old = (form.was ?? "").split(/\r?\n/);
  const answer = await changeRoles(desk.db, actorOf(visit), subject.id, old, chosen);
  if (answer === "stale") {
    const message = "Their roles were changed in another window. This is what they are now: choose again";
    return drawRoles(visit, await findSubject(desk.db, subject.id), {
      status: 409,
      errors: [{ field: "role", message }],
    });
  }
  if (answer === "last-administrator") {
    const message = "This is the last active administrator. Make somebody else an administrator first";
    return drawRoles(visit, subject, { status: 409, errors: [{ field: "role", message }] });
  }
  const notice = answer === "changed" ? "Saved: Roles." : "Nothing was changed: everything is as it was.";
  await leave(visit, `/admin/people/${subject.id}`, notice);
}

// One of Latchkey's own roles, and any of the others that exist or that the person has already.
function chosenRoles(form: Form, known: string[]): string[] | undefined {
  if (!OWN_ROLES.includes(form.role ?? "")) return undefined;
  const free = known.filter((role) => !OWN_ROLES.includes(role) && form[`role-${role}`] !== undefined);
  return [...new Set([form.role ?? "", ...free])];
}

async function drawRoles(visit: PersonVisit, subject: Subject, page: Partial<Page> = {}): Promise<void> {
  const known = [...(await listRoles(visit.desk.db)), ...subject.roles];
  await drawPage(visit, "admin-people/roles", {
    title: "Roles",
    subject,
    own: [ADMINISTRATOR, API_ACCESS_ONLY, MEMBER].find((role) => subject.roles.includes(role)) ?? MEMBER,
    ownRoles: OWN_ROLES,
    freeRoles: [...new Set(known)].filter((role) => !OWN_ROLES.includes(role)),
    ...page,
  });
}

// The typed values stay in the form, now on the newest version: sending it again is a decision, not an accident.
async function drawStale(visit: PersonVisit, form: Form): Promise<void> {
  const current = await findSubject(visit.desk.db, visit.req.params.id);
  const values = { ...form, version: String(current.version) };
  const page = { status: 409, errors: staleErrors(current, form), stale: true };
  await draw(visit, current, values, page);
}

async function draw(visit: PersonVisit, subject: Subject, values: Form, page: Partial<Page> = {}) {
  const { db } = visit.desk;
  const timeouts = timeoutChoice(visit.session.ceilings, subject, "They");
  await drawPage(visit, "admin-people/person", {
    title: `${subject.firstName} ${subject.lastName}`,
    subject,
    own: subject.id === visit.person.id,
    values: keepOffered(values, timeouts, subject),
    timeouts,
    enrolled: (await findSecondFactor(db, subject.id)) !== undefined,
    sessions: (await listSessions(db, subject.id)).length,
    apiKey: await findLiveApiKey(db, { kind: "person", id: subject.id }),
    ...page,
  });
}
