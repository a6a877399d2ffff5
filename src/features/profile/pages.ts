import { readBySchema } from "../../platform/form-errors";
import { findPerson } from "../../records/people";
import { changeProfile } from "../../web/change-profile";
import { describeWaysIn } from "../../web/describe-ways-in";
import { leave } from "../../web/leave";
import { drawPage, type Page } from "../../web/page";
import { asForm, savedNotice, staleErrors } from "../../web/profile-fields";
import { type Form, readForm } from "../../web/read-form";
import { keepOffered, timeoutChoice } from "../../web/timeout-choice";
import { actorOf, type PersonVisit } from "../../web/visit";
import { profileForm } from "./form";

/** GET /profile: the form, two-factor authentication and the API key. */
export async function show(visit: PersonVisit): Promise<void> {
  await draw(visit, asForm(visit.person));
}

/** POST /profile: saves the form, unless it was saved elsewhere since it was drawn. */
export async function save(visit: PersonVisit): Promise<void> {
  const { desk, person, session } = visit;
  const form = readForm(visit.req);
  const read = readBySchema(profileForm, form);
  if (!read.ok) return draw(visit, form, { status: 422, errors: read.errors });
  const { version, ...profile } = read.input;
  const errors = timeoutChoice(session.ceilings, person).errorsOf(profile.sessionTimeout);
  if (errors.length > 0) return draw(visit, form, { status: 422, errors });
  const saved = await changeProfile(desk.db, "profile.changed", actorOf(visit), person.id, version, profile);
  if (saved === "stale") return drawStale(visit, form);
  await leave(visit, "/profile", savedNotice(saved.changed));
}

// The typed values stay in the form, now on the newest version: sending it again is a decision, not an accident.
async function drawStale(visit: PersonVisit, form: Form): Promise<void> {
  const current = await findPerson(visit.desk.db, visit.person.id);
  if (!current) return leave(visit, "/sign-in");
  const errors = staleErrors(current, form);
  await draw(visit, { ...form, version: String(current.version) }, { status: 409, errors, stale: true });
}

async function draw(visit: PersonVisit, values: Form, page: Partial<Page> = {}): Promise<void> {
  const { desk, person, session } = visit;
  const timeouts = timeoutChoice(session.ceilings, person);
  const waysIn = await describeWaysIn(desk, { kind: "person", id: person.id }, session.waysIn);
  await drawPage(visit, "profile/profile", {
    title: "Your profile",
    values: keepOffered(values, timeouts, person),
    email: person.email,
    timeouts,
    passwordEndsAt: session.passwordEndsAt,
    enrolled: session.hasSecondFactor,
    ...waysIn,
    ...page,
  });
}
