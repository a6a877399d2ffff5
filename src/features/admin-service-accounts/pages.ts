import { OWN_ROLES } from "../../base/roles";
import { type FormErrors, readBySchema } from "../../platform/form-errors";
import { listRoles } from "../../records/roles";
import { listServiceAccounts, type ServiceAccount } from "../../records/service-accounts";
import { describeWaysIn } from "../../web/describe-ways-in";
import { leave } from "../../web/leave";
import { drawPage, type Page } from "../../web/page";
import { type Form, readForm, readQuery } from "../../web/read-form";
import { serviceAccountOf } from "../../web/service-account-of";
import { actorOf, type PersonVisit } from "../../web/visit";
import { changeServiceAccount, type ServiceAccountField } from "./change-service-account";
import { createServiceAccount } from "./create-service-account";
import { deactivateServiceAccount } from "./deactivate-service-account";
import { roleField, serviceAccountForm, tickedRoles } from "./form";
import { reactivateServiceAccount } from "./reactivate-service-account";

const LIST = "/admin/service-accounts";
const PAGE_SIZE = 50;

const LABELS: Record<ServiceAccountField, string> = {
  name: "Name",
  purpose: "Purpose",
  responsible: "Responsible person",
  roles: "Roles",
};

// What only the database could say of a form.
const REFUSED: Record<"name-taken" | "responsible-unknown" | "role-gone", FormErrors> = {
  "name-taken": [{ field: "name", message: "Choose another name: a service account has this one already" }],
  "responsible-unknown": [
    {
      field: "responsible",
      message: "Enter the email of somebody with an active account: nobody has this one",
    },
  ],
  "role-gone": [{ field: "roles", message: "Choose the roles again: one of them has just been deleted" }],
};

/** GET /admin/service-accounts: the accounts by name, a page at a time, and the form for another. */
export async function list(visit: PersonVisit): Promise<void> {
  await drawList(visit, { responsible: visit.person.email });
}

/** POST /admin/service-accounts: creates an account, and goes on to its page. */
export async function create(visit: PersonVisit): Promise<void> {
  const { form, read } = await readAccount(visit);
  if (!read.ok) return drawList(visit, form, { status: 422, errors: read.errors });
  const made = await createServiceAccount(visit.desk.db, actorOf(visit), read.input);
  if (typeof made === "string") return drawList(visit, form, { status: 422, errors: REFUSED[made] });
  const notice = `The service account ${read.input.name} is there. Generate its API key when you are ready to copy it.`;
  await leave(visit, `${LIST}/${made.id}`, notice);
}

/** GET /admin/service-accounts/:id: one account, its key, and whether it is active. */
export async function show(visit: PersonVisit): Promise<void> {
  const account = await serviceAccountOf(visit);
  await drawAccount(visit, account, asForm(account));
}

/** POST /admin/service-accounts/:id: saves the form, unless it was saved elsewhere since it was drawn. */
export async function save(visit: PersonVisit): Promise<void> {
  const account = await serviceAccountOf(visit);
  const { form, read } = await readAccount(visit);
  if (!read.ok) return drawAccount(visit, account, form, { status: 422, errors: read.errors });
  const saved = await changeServiceAccount(visit.desk.db, actorOf(visit), account.id, read.input);
  if (saved === "stale") return drawStale(visit, form);
  if (typeof saved === "string")
    return drawAccount(visit, account, form, { status: 422, errors: REFUSED[saved] });
  const names = new Intl.ListFormat("en").format(saved.changed.map((field) => LABELS[field]));
  const notice = names ? `Saved: ${names}.` : "Nothing was changed: everything is as it was.";
  await leave(visit, `${LIST}/${account.id}`, notice);
}

/** GET /admin/service-accounts/:id/deactivate: asks first. */
export async function confirmDeactivate(visit: PersonVisit): Promise<void> {
  const account = await serviceAccountOf(visit);
  if (account.deactivatedAt) return leave(visit, `${LIST}/${account.id}`);
  await drawPage(visit, "admin-service-accounts/deactivate", { title: "Deactivate", account });
}

/** POST /admin/service-accounts/:id/deactivate: its key stops at once. */
export async function deactivate(visit: PersonVisit): Promise<void> {
  const { id, name } = await serviceAccountOf(visit);
  const answer = await deactivateServiceAccount(visit.desk.db, actorOf(visit), id);
  const notice =
    answer === "deactivated"
      ? `${name} is deactivated. Its key is not accepted any more.`
      : `Nothing was changed: ${name} was deactivated already.`;
  await leave(visit, `${LIST}/${id}`, notice);
}

/** GET /admin/service-accounts/:id/reactivate: asks first. */
export async function confirmReactivate(visit: PersonVisit): Promise<void> {
  const account = await serviceAccountOf(visit);
  if (!account.deactivatedAt) return leave(visit, `${LIST}/${account.id}`);
  const { apiKey } = await describeWaysIn(visit.desk, { kind: "service-account", id: account.id });
  await drawPage(visit, "admin-service-accounts/reactivate", { title: "Reactivate", account, apiKey });
}

/** POST /admin/service-accounts/:id/reactivate: its key, if it has one, works again. */
export async function reactivate(visit: PersonVisit): Promise<void> {
  const { id, name } = await serviceAccountOf(visit);
  const answer = await reactivateServiceAccount(visit.desk.db, actorOf(visit), id);
  const notice =
    answer === "reactivated"
      ? `${name} is active again.`
      : `Nothing was changed: ${name} was active already.`;
  await leave(visit, `${LIST}/${id}`, notice);
}

async function readAccount({ desk, req }: PersonVisit) {
  const form = readForm(req);
  const schema = serviceAccountForm(await rolesToChoose(desk.db));
  return { form, read: readBySchema(schema, { ...form, roles: tickedRoles(form) }) };
}

async function rolesToChoose(db: PersonVisit["desk"]["db"]): Promise<string[]> {
  return (await listRoles(db)).filter((role) => !OWN_ROLES.includes(role));
}

function asForm(account: ServiceAccount): Form {
  const { name, purpose, responsibleEmail, version, roles } = account;
  const ticked = Object.fromEntries(roles.map((role) => [roleField(role), "on"]));
  return { name, purpose, responsible: responsibleEmail, version: String(version), ...ticked };
}

async function choicesOf({ desk }: PersonVisit, form: Form) {
  const roles = await rolesToChoose(desk.db);
  return roles.map((role) => ({
    name: roleField(role),
    label: role,
    ticked: form[roleField(role)] !== undefined,
  }));
}

async function drawList(visit: PersonVisit, values: Form, page: Partial<Page> = {}): Promise<void> {
  const { after = "" } = visit.req.method === "GET" ? readQuery(visit.req) : {};
  const found = await listServiceAccounts(visit.desk.db, after, PAGE_SIZE + 1);
  const accounts = found.slice(0, PAGE_SIZE);
  await drawPage(visit, "admin-service-accounts/list", {
    title: "Service accounts",
    values,
    roles: await choicesOf(visit, values),
    accounts,
    after,
    next: found.length > PAGE_SIZE ? accounts.at(-1)?.name : undefined,
    ...page,
  });
}

async function drawAccount(
  visit: PersonVisit,
  account: ServiceAccount,
  values: Form,
  page: Partial<Page> = {},
): Promise<void> {
  await drawPage(visit, "admin-service-accounts/account", {
    title: account.name,
    account,
    values,
    roles: await choicesOf(visit, values),
    ...(await describeWaysIn(visit.desk, { kind: "service-account", id: account.id })),
    ...page,
  });
}

// The typed values stay in the form, now on the newest version: sending it again is a decision, not an accident.
async function drawStale(visit: PersonVisit, form: Form): Promise<void> {
  const account = await serviceAccountOf(visit);
  const now = asForm(account);
  const roles = account.roles.join(", ");
  const errors = (["name", "purpose", "responsible"] as const)
    .filter((field) => now[field] !== form[field]?.trim())
    .map((field) => ({ field: field as string, message: `${LABELS[field]} is now: ${now[field]}` }));
  if (roles !== tickedRoles(form).join(", "))
    errors.push({ field: "roles", message: `Roles are now: ${roles || "none"}` });
  const values = { ...form, version: String(account.version) };
  await drawAccount(visit, account, values, { status: 409, errors, stale: true });
}
