import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { asAdministrator } from "../../records/administrators";
import { findPersonByEmail, lockPerson } from "../../records/people";
import { keepRoles } from "../../records/roles";
import { insertServiceAccount } from "../../records/service-accounts";
import { addTrailEntry } from "../../records/trail";
import type { ServiceAccountInput } from "./form";

/** Creates a service account; a word says what of its fields cannot be so. */
export async function createServiceAccount(
  db: Pool,
  actor: Actor,
  { name, purpose, roles, responsible }: ServiceAccountInput,
): Promise<{ id: string } | "name-taken" | "responsible-unknown" | "role-gone"> {
  return asAdministrator(db, actor, async (tx) => {
    if (!(await keepRoles(tx, roles))) return "role-gone";
    const known = await findPersonByEmail(tx, responsible);
    // Locked, so that nobody is deactivated while they become responsible.
    if (!known || !(await lockPerson(tx, known.id))) return "responsible-unknown";
    const id = await insertServiceAccount(tx, { name, purpose, roles, responsibleId: known.id });
    if (id === undefined) return "name-taken";
    const details = { name, purpose, roles, responsible: known.email };
    await addTrailEntry(tx, { action: "service-account.created", actor, subjectId: id, details });
    return { id };
  });
}
