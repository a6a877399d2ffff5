import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { asAdministrator } from "../../records/administrators";
import { deactivateServiceAccount as deactivate } from "../../records/service-accounts";
import { addTrailEntry } from "../../records/trail";

/** Deactivates a service account: its key is refused from now on. */
export async function deactivateServiceAccount(
  db: Pool,
  actor: Actor,
  id: string,
): Promise<"deactivated" | "not-active"> {
  return asAdministrator(db, actor, async (tx) => {
    if (!(await deactivate(tx, id))) return "not-active";
    await addTrailEntry(tx, { action: "service-account.deactivated", actor, subjectId: id });
    return "deactivated";
  });
}
