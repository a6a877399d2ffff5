import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { transaction } from "../../platform/database";
import { deleteSession } from "../../records/sessions";
import { addTrailEntry } from "../../records/trail";

/** Ends the actor's own session in the database, so that a copy of its cookie opens nothing. */
export async function endSession(
  db: Pool,
  actor: Actor & { personId: string; sessionId: string },
): Promise<void> {
  await transaction(db, async (tx) => {
    if (!(await deleteSession(tx, actor.personId, actor.sessionId))) return;
    await addTrailEntry(tx, { action: "session.ended", actor, subjectId: actor.personId });
  });
}
