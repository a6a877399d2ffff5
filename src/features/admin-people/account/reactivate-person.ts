import type { Pool } from "pg";
import type { Actor } from "../../../base/actor";
import { asAdministrator } from "../../../records/administrators";
import * as records from "../../../records/people-administration";
import { endAllSessions } from "../../../records/sessions/sessions";
import { addTrailEntry } from "../../../records/trail";

/** Lets a deactivated person sign in again; no session begun before comes back. */
export async function reactivatePerson(
  db: Pool,
  actor: Actor,
  personId: string,
): Promise<"reactivated" | "already-active"> {
  return asAdministrator(db, actor, async (tx) => {
    if (!(await records.reactivatePerson(tx, personId))) return "already-active";
    // One that was just beginning while the person was deactivated would have outlived it.
    await endAllSessions(tx, personId);
    await addTrailEntry(tx, { action: "person.reactivated", actor, subjectId: personId });
    return "reactivated";
  });
}
