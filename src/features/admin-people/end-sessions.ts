import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { asAdministrator } from "../../records/administrators";
import { endLinksOf } from "../../records/links";
import { lockPerson } from "../../records/people";
import { endAllSessions } from "../../records/sessions/sessions";
import { addTrailEntry } from "../../records/trail";

/** Signs a person out everywhere, which also ends their open links, and returns how many sessions ended. */
export async function endSessions(db: Pool, actor: Actor, personId: string): Promise<number> {
  return asAdministrator(db, actor, async (tx) => {
    // Locked, so that no session that is just stepping up slips through under a new id.
    await lockPerson(tx, personId);
    const ended = await endAllSessions(tx, personId);
    await endLinksOf(tx, personId);
    if (ended > 0)
      await addTrailEntry(tx, { action: "sessions.ended", actor, subjectId: personId, details: { ended } });
    return ended;
  });
}
