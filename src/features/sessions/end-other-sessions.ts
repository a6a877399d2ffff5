import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { transaction } from "../../platform/database";
import { endLinksOf } from "../../records/links";
import { lockPerson } from "../../records/people";
import * as records from "../../records/sessions/sessions";
import { addTrailEntry } from "../../records/trail";

/**
 * Ends every session of the actor but the one they act in, also half signed in ones, and with them the links that were
 * asked for: a stranger in one of them may have. Returns how many sessions; where there was none, nothing changes.
 */
export async function endOtherSessions(
  db: Pool,
  actor: Actor,
  personId: string,
  keptId: string,
): Promise<number> {
  return transaction(db, async (tx) => {
    // Locked, so that no session that is just stepping up slips through under a new id.
    await lockPerson(tx, personId);
    const ended = await records.endOtherSessions(tx, personId, keptId);
    if (ended === 0) return 0;
    await endLinksOf(tx, personId);
    await addTrailEntry(tx, { action: "sessions.ended", actor, subjectId: personId, details: { ended } });
    return ended;
  });
}
