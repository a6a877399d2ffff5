import { describeTimeout, SESSION_TIMEOUTS } from "../../base/session-timeout";
import { readBySchema } from "../../platform/form-errors";
import { listCallers } from "../../records/api-key-callers";
import { findLastEndedApiKey, findLiveApiKey } from "../../records/api-keys";
import { findPerson, type Person } from "../../records/people";
import { countRecoveryCodes } from "../../records/recovery-codes";
import { findSecondFactor } from "../../records/second-factors";
import { leave } from "../../web/leave";
import { drawPage, type Page } from "../../web/page";
import { type Form, readForm } from "../../web/read-form";
import { actorOf, type PersonVisit } from "../../web/visit";
import { changeProfile, type ProfileField } from "./change-profile";
import { profileForm } from "./form";

/** GET /profile: the form, two-factor authentication and the API key. */
export async function show(visit: PersonVisit): Promise<void> {
  await draw(visit, asForm(visit.person));
}

/** POST /profile: saves the form, unless it was saved elsewhere since it was drawn. */
export async function save(visit: PersonVisit): Promise<void> {
  const { desk, person } = visit;
  const form = readForm(visit.req);
  const read = readBySchema(profileForm, form);
  if (!read.ok) return draw(visit, form, { status: 422, errors: read.errors });
  const { version, ...profile } = read.input;
  const saved = await changeProfile(desk.db, actorOf(visit), person.id, version, profile);
  if (saved === "stale") return drawStale(visit, form);
  await leave(visit, "/profile", savedNotice(saved.changed));
}

/** The latest callers of a key on the profile; the pages about the key show more. */
const CALLERS_SHOWN = 20;

const LABELS: Record<ProfileField, string> = {
  firstName: "First Name",
  lastName: "Last Name",
  phoneNumber: "Phone Number",
  sessionTimeout: "Session Timeout",
};

function savedNotice(changed: ProfileField[]): string {
  if (changed.length === 0) return "Nothing was changed: everything is as it was.";
  const names = new Intl.ListFormat("en").format(changed.map((field) => LABELS[field]));
  return `Saved: ${names}.`;
}

function asForm(person: Person): Form {
  const { firstName, lastName, phoneNumber, sessionTimeout, version } = person;
  return {
    firstName,
    lastName,
    phoneNumber,
    sessionTimeout: String(sessionTimeout),
    version: String(version),
  };
}

// The typed values stay in the form, now on the newest version: sending it again is a decision, not an accident.
async function drawStale(visit: PersonVisit, form: Form): Promise<void> {
  const current = await findPerson(visit.desk.db, visit.person.id);
  if (!current) return leave(visit, "/sign-in");
  const now = asForm(current);
  const shown: Form = { ...now, sessionTimeout: describeTimeout(current.sessionTimeout) };
  const errors = (Object.keys(LABELS) as ProfileField[])
    .filter((field) => now[field] !== form[field]?.trim())
    .map((field) => ({ field, message: `${LABELS[field]} is now: ${shown[field] || "empty"}` }));
  await draw(visit, { ...form, version: now.version ?? "" }, { status: 409, errors, stale: true });
}

async function draw(visit: PersonVisit, values: Form, page: Partial<Page> = {}): Promise<void> {
  const { desk, person } = visit;
  await desk.calls.flush();
  const apiKey = await findLiveApiKey(desk.db, person.id);
  const endedKey = await findLastEndedApiKey(desk.db, person.id);
  await drawPage(visit, "profile/profile", {
    title: "Your profile",
    values,
    email: person.email,
    timeouts: SESSION_TIMEOUTS,
    enrolled: (await findSecondFactor(desk.db, person.id)) !== undefined,
    recoveryCodesLeft: await countRecoveryCodes(desk.db, person.id),
    apiKey,
    callers: apiKey ? await listCallers(desk.db, apiKey.id, CALLERS_SHOWN) : [],
    endedKey,
    endedCallers: endedKey ? await listCallers(desk.db, endedKey.id, CALLERS_SHOWN) : [],
    ...page,
  });
}
