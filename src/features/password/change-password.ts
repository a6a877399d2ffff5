import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import type { Person } from "../../base/person";
import { transaction } from "../../platform/database";
import * as letters from "../../platform/letters";
import type { Passwords } from "../../platform/passwords";
import type { Seal } from "../../platform/seal";
import { endLinksOf } from "../../records/links";
import { queueLetter } from "../../records/mail";
import { findPasswordHash, replacePasswordHash, verifyPassword } from "../../records/people";
import { endOtherSessions } from "../../records/sessions/sessions";
import { addTrailEntry } from "../../records/trail";

/**
 * Replaces a person's password when the current one is right, and ends their other sessions and open links. "changed-meanwhile" when
 * another change came first.
 */
export async function changePassword(
  db: Pool,
  tools: { passwords: Passwords; seal: Seal },
  actor: Actor & { sessionId: string },
  person: Person,
  given: { current: string; next: string },
): Promise<"changed" | "wrong-password" | "changed-meanwhile"> {
  const found = { id: person.id, passwordHash: await findPasswordHash(db, person.id) };
  const oldHash = await verifyPassword(db, tools.passwords, given.current, found);
  if (oldHash === undefined) return "wrong-password";
  const newHash = await tools.passwords.hash(given.next);
  return transaction(db, async (tx) => {
    if (!(await replacePasswordHash(tx, person.id, oldHash, newHash))) return "changed-meanwhile";
    const ended = await endOtherSessions(tx, person.id, actor.sessionId);
    await endLinksOf(tx, person.id);
    const details = { otherSessionsEnded: ended };
    await addTrailEntry(tx, { action: "password.changed", actor, subjectId: person.id, details });
    await queueLetter(tx, tools.seal, person.email, letters.passwordChanged("changed"));
    return "changed";
  });
}
