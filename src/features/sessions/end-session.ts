import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { transaction } from "../../platform/database";
import { deleteSession } from "../../records/sessions/sessions";
import { addTrailEntry } from "../../records/trail";

/** Ends one session of a person in the database, so that a copy of its cookie opens nothing; "ended-already" when it had. */
export async function endSession(
  db: Pool,
  actor: Actor,
  personId: string,
  sessionId: string,
): Promise<"ended" | "ended-already"> {
  return transaction(db, async (tx) => {
    if (!(await deleteSession(tx, personId, sessionId))) return "ended-already";
    await addTrailEntry(tx, { action: "session.ended", actor, subjectId: personId, details: { sessionId } });
    return "ended";
  });
}
