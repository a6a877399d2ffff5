import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { asAdministrator } from "../../records/administrators";
import { findInstallation } from "../../records/installation";
import { insertRole } from "../../records/roles";
import { addTrailEntry } from "../../records/trail";

/** Adds a role for applications; "taken" when there is one of that name, in any case of letters. */
export async function createRole(db: Pool, actor: Actor, name: string): Promise<"created" | "taken"> {
  return asAdministrator(db, actor, async (tx) => {
    if (!(await insertRole(tx, name))) return "taken";
    const { id } = await findInstallation(tx);
    await addTrailEntry(tx, { action: "role.created", actor, subjectId: id, details: { name } });
    return "created";
  });
}
