import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { asAdministrator } from "../../records/administrators";
import { findPersonByEmail, lockPerson } from "../../records/people";
import { keepRoles } from "../../records/roles";
import { lockServiceAccount, updateServiceAccount } from "../../records/service-accounts";
import { addTrailEntry } from "../../records/trail";
import type { ServiceAccountInput } from "./form";

type Refused = "stale" | "name-taken" | "responsible-unknown" | "role-gone";

const FIELDS = ["name", "purpose", "responsible", "roles"] as const;

/** What can be changed of a service account. */
export type ServiceAccountField = (typeof FIELDS)[number];

/**
 * Saves a service account and says which fields changed. "stale" when it was saved since the form was drawn, unless
 * that other save left everything as this one wants it.
 */
export async function changeServiceAccount(
  db: Pool,
  actor: Actor,
  id: string,
  { version, name, purpose, roles, responsible }: ServiceAccountInput,
): Promise<{ changed: ServiceAccountField[] } | Refused> {
  return asAdministrator(db, actor, async (tx) => {
    if (!(await keepRoles(tx, roles))) return "role-gone";
    const found = await findPersonByEmail(tx, responsible);
    // Locked, so that nobody is deactivated while they become responsible.
    if (!found || !(await lockPerson(tx, found.id))) return "responsible-unknown";
    const current = await lockServiceAccount(tx, id);
    if (!current) return "stale";
    const before = { ...current, responsible: current.responsibleEmail };
    const after = { name, purpose, roles, responsible: found.email };
    const changed = FIELDS.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
    if (changed.length === 0) return { changed };
    const saved = await updateServiceAccount(tx, id, version, {
      name,
      purpose,
      roles,
      responsibleId: found.id,
    });
    if (saved !== "saved") return saved;
    const details = Object.fromEntries(
      changed.map((field) => [field, { from: before[field], to: after[field] }]),
    );
    await addTrailEntry(tx, { action: "service-account.changed", actor, subjectId: id, details });
    return { changed };
  });
}
