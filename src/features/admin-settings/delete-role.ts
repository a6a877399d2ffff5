import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { asAdministrator } from "../../records/administrators";
import { findInstallation } from "../../records/installation";
import { takeRoleFromPeople } from "../../records/people-administration";
import { deleteRole as deleteRoleName } from "../../records/roles";
import { takeRoleFromServiceAccounts } from "../../records/service-accounts";
import { addTrailEntry } from "../../records/trail";

/** Deletes a role for applications and takes it off everybody who has it; "gone" when there is none of that name. */
export async function deleteRole(
  db: Pool,
  actor: Actor,
  name: string,
): Promise<{ people: number; serviceAccounts: number } | "gone"> {
  return asAdministrator(db, actor, async (tx) => {
    if (!(await deleteRoleName(tx, name))) return "gone";
    const people = await takeRoleFromPeople(tx, name);
    const serviceAccounts = await takeRoleFromServiceAccounts(tx, name);
    const { id } = await findInstallation(tx);
    const counts = { people: people.length, serviceAccounts: serviceAccounts.length };
    await addTrailEntry(tx, { action: "role.deleted", actor, subjectId: id, details: { name, ...counts } });
    // Each of them finds in their own activity what they lost.
    for (const { id: subjectId, ...roles } of people) {
      await addTrailEntry(tx, { action: "person.changed", actor, subjectId, details: { roles } });
    }
    for (const { id: subjectId, ...roles } of serviceAccounts) {
      await addTrailEntry(tx, { action: "service-account.changed", actor, subjectId, details: { roles } });
    }
    return counts;
  });
}
