import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { transaction } from "../../platform/database";
import { endLinksOf } from "../../records/links";
import { lockPerson } from "../../records/people";
import { deleteSession, findSuccessor } from "../../records/sessions/sessions";
import { addTrailEntry } from "../../records/trail";

/**
 * Ends one session of a person in the database, so that a copy of its cookie opens nothing; "ended-already" when it had.
 * Where it is another than the one they act in, their open links end too: a stranger in it may have asked for one.
 */
export async function endSession(
  db: Pool,
  actor: Actor,
  personId: string,
  sessionId: string,
): Promise<"ended" | "ended-already"> {
  return transaction(db, async (tx) => {
    const isAnother = actor.sessionId !== sessionId;
    if (isAnother) await lockPerson(tx, personId);
    if (!(await deleteSession(tx, personId, sessionId))) return "ended-already";
    if (isAnother) await endLinksOf(tx, personId);
    await addTrailEntry(tx, { action: "session.ended", actor, subjectId: personId, details: { sessionId } });
    return "ended";
  });
}

/**
 * Ends the session the actor is in, or what took the place of the one with this stored name while the request was on its
 * way: whoever is told that they are signed out must not be signed in by an answer that comes later. No name, no question.
 */
export async function endOwnSession(db: Pool, actor: Actor, sid: string | undefined): Promise<void> {
  const { personId, sessionId } = actor;
  if (personId && sessionId && (await endSession(db, actor, personId, sessionId)) === "ended") return;
  const next = sid === undefined ? undefined : await findSuccessor(db, sid);
  if (!next) return;
  const owner: Actor = { ...actor, kind: "person", personId: next.personId, sessionId: next.id };
  await endSession(db, owner, next.personId, next.id);
}
