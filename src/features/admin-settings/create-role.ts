import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { asAdministrator } from "../../records/administrators";
import { findInstallation } from "../../records/installation";
import { findRole, insertRole } from "../../records/roles";
import { addTrailEntry } from "../../records/trail";

/** Adds a role for applications; `taken` by the one of that name, in any case of letters, where there is one. */
export async function createRole(
  db: Pool,
  actor: Actor,
  name: string,
): Promise<"created" | { taken: string }> {
  return asAdministrator(db, actor, async (tx) => {
    if (!(await insertRole(tx, name))) return { taken: (await findRole(tx, name)) ?? name };
    const { id } = await findInstallation(tx);
    await addTrailEntry(tx, { action: "role.created", actor, subjectId: id, details: { name } });
    return "created";
  });
}
