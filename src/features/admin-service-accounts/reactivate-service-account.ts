import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { asAdministrator } from "../../records/administrators";
import { reactivateServiceAccount as reactivate } from "../../records/service-accounts";
import { addTrailEntry } from "../../records/trail";

/** Reactivates a service account: its key, if it has one, is accepted again. */
export async function reactivateServiceAccount(
  db: Pool,
  actor: Actor,
  id: string,
): Promise<"reactivated" | "already-active"> {
  return asAdministrator(db, actor, async (tx) => {
    if (!(await reactivate(tx, id))) return "already-active";
    await addTrailEntry(tx, { action: "service-account.reactivated", actor, subjectId: id });
    return "reactivated";
  });
}
