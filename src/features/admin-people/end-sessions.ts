import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { transaction } from "../../platform/database";
import { endAllSessions } from "../../records/sessions";
import { addTrailEntry } from "../../records/trail";

/** Signs a person out everywhere, and returns how many sessions ended. */
export async function endSessions(db: Pool, actor: Actor, personId: string): Promise<number> {
  return transaction(db, async (tx) => {
    const ended = await endAllSessions(tx, personId);
    if (ended > 0)
      await addTrailEntry(tx, { action: "sessions.ended", actor, subjectId: personId, details: { ended } });
    return ended;
  });
}
