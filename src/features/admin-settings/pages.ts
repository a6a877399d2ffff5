import { ABSOLUTE_LIFETIMES, describeTimeout, SESSION_TIMEOUTS } from "../../base/session-timeout";
import { TWO_FACTOR_POLICIES } from "../../base/two-factor-policy";
import { readBySchema } from "../../platform/form-errors";
import { findInstallation, type Installation } from "../../records/installation";
import { countPeopleWithRole } from "../../records/people-administration";
import { listRoles } from "../../records/roles";
import { countServiceAccountsWithRole } from "../../records/service-accounts";
import { leave } from "../../web/leave";
import { drawPage, type Page } from "../../web/page";
import { type Form, readForm, readQuery } from "../../web/read-form";
import { actorOf, type PersonVisit } from "../../web/visit";
import { changeSettings, SETTINGS, type Setting } from "./change-settings";
import { createRole } from "./create-role";
import { deleteRole } from "./delete-role";
import { roleForm, settingsForm } from "./form";

const PAGE = "/admin/settings";

/** GET /admin/settings: ceilings, two-factor policy, and the roles for applications. */
export async function show(visit: PersonVisit): Promise<void> {
  await draw(visit, asForm(await findInstallation(visit.desk.db)));
}

/** POST /admin/settings: saves the form, unless it was saved elsewhere since it was drawn. */
export async function save(visit: PersonVisit): Promise<void> {
  const form = readForm(visit.req);
  const read = readBySchema(settingsForm, form);
  if (!read.ok) return draw(visit, form, { status: 422, errors: read.errors });
  const { version, ...settings } = read.input;
  const saved = await changeSettings(visit.desk.db, actorOf(visit), version, settings);
  if (saved === "stale") return drawStale(visit, form);
  await leave(visit, PAGE, savedNotice(saved.changed));
}

/** GET /admin/settings/roles: the settings, for those who had to confirm their password before adding a role. */
export const showRoles = show;

/** POST /admin/settings/roles: adds a role for applications. */
export async function addRole(visit: PersonVisit): Promise<void> {
  const { db } = visit.desk;
  const form = readForm(visit.req);
  const read = readBySchema(roleForm, form);
  if (!read.ok) return drawWrongRole(visit, form, read.errors[0]?.message ?? "");
  const { name } = read.input;
  const created = await createRole(db, actorOf(visit), name);
  if (created !== "created")
    return drawWrongRole(visit, form, `There is a role ${created.taken} already: choose another name`);
  await leave(visit, PAGE, `Added: the role ${name}. You can now give it to people and service accounts.`);
}

/** GET /admin/settings/roles/delete: says who has the role, and asks. */
export async function confirmDeleteRole(visit: PersonVisit): Promise<void> {
  const { db } = visit.desk;
  const { name = "" } = readQuery(visit.req);
  if (!(await listRoles(db)).includes(name)) return leave(visit, PAGE, NO_ROLE);
  const people = await countPeopleWithRole(db, name);
  const serviceAccounts = await countServiceAccountsWithRole(db, name);
  const holders = holdersInWords({ people, serviceAccounts });
  await drawPage(visit, "admin-settings/delete-role", { title: "Delete role", name, holders });
}

/** POST /admin/settings/roles/delete: deletes the role and takes it off everybody. */
export async function removeRole(visit: PersonVisit): Promise<void> {
  const { name = "" } = readForm(visit.req);
  const deleted = await deleteRole(visit.desk.db, actorOf(visit), name);
  if (deleted === "gone") return leave(visit, PAGE, NO_ROLE);
  const holders = holdersInWords(deleted);
  await leave(
    visit,
    PAGE,
    `Deleted: the role ${name}. ${holders ? `It was taken off ${holders}` : "Nobody had it"}.`,
  );
}

const NO_ROLE = "There is no such role any more, so nothing was changed.";

const LABELS: Record<Setting, string> = {
  longestSessionTimeout: "Longest session timeout",
  longestSessionTimeoutAdministrators: "Longest session timeout for administrators",
  absoluteLifetime: "Longest time signed in",
  twoFactorPolicy: "Two-factor authentication",
};

function savedNotice(changed: Setting[]): string {
  if (changed.length === 0) return "Nothing was changed: everything is as it was.";
  return `Saved: ${new Intl.ListFormat("en").format(changed.map((setting) => LABELS[setting]))}.`;
}

type Holders = { people: number; serviceAccounts: number };

function holdersInWords({ people, serviceAccounts }: Holders): string | undefined {
  if (people + serviceAccounts === 0) return undefined;
  const persons = people === 1 ? "1 person" : `${people} people`;
  return `${persons} and ${serviceAccounts} service ${serviceAccounts === 1 ? "account" : "accounts"}`;
}

function asForm(installation: Installation): Form {
  const values = [...SETTINGS, "version" as const].map((name) => [name, String(installation[name])]);
  return Object.fromEntries(values);
}

function shown(installation: Installation, setting: Setting): string {
  const value = installation[setting];
  if (typeof value === "number") return describeTimeout(value);
  return TWO_FACTOR_POLICIES.find((policy) => policy.value === value)?.label ?? value;
}

// As on the profile: the typed values stay, now on the newest version, and sending them again is a decision.
async function drawStale(visit: PersonVisit, form: Form): Promise<void> {
  const current = await findInstallation(visit.desk.db);
  const now = asForm(current);
  const errors = SETTINGS.filter((setting) => now[setting] !== form[setting]).map((setting) => ({
    field: setting,
    message: `${LABELS[setting]} is now: ${shown(current, setting)}`,
  }));
  await draw(visit, { ...form, version: now.version ?? "" }, { status: 409, errors, stale: true });
}

async function drawWrongRole(visit: PersonVisit, form: Form, message: string): Promise<void> {
  const settings = asForm(await findInstallation(visit.desk.db));
  const errors = [{ field: "name", message }];
  await draw(visit, settings, { status: 422, errors, roleName: form.name ?? "" });
}

async function draw(visit: PersonVisit, values: Form, page: Partial<Page> = {}): Promise<void> {
  await drawPage(visit, "admin-settings/settings", {
    title: "Settings",
    values,
    timeouts: optionsOf(SESSION_TIMEOUTS),
    lifetimes: optionsOf(ABSOLUTE_LIFETIMES),
    policies: TWO_FACTOR_POLICIES,
    roles: await listRoles(visit.desk.db),
    roleName: "",
    ...page,
  });
}

function optionsOf(choices: readonly { seconds: number; label: string }[]) {
  return choices.map(({ seconds, label }) => ({ value: String(seconds), label }));
}
