import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { hashLinkToken } from "../../base/link-token";
import { transaction } from "../../platform/database";
import * as letters from "../../platform/letters";
import type { Passwords } from "../../platform/passwords";
import type { Seal } from "../../platform/seal";
import { endLinksOf, useLink } from "../../records/links";
import { queueLetter } from "../../records/mail";
import { lockPerson, setPasswordHash } from "../../records/people";
import { endAllSessions } from "../../records/sessions/sessions";
import { addTrailEntry } from "../../records/trail";

/** Uses the link up and sets the new password; ends every session and open link. The second factor stays as it is. */
export async function resetPassword(
  db: Pool,
  tools: { passwords: Passwords; seal: Seal },
  actor: Actor,
  { personId, token, newPassword }: { personId: string; token: string; newPassword: string },
): Promise<"reset" | "link-gone"> {
  const passwordHash = await tools.passwords.hash(newPassword);
  return transaction(db, async (tx) => {
    const person = await lockPerson(tx, personId);
    if (!person || !(await useLink(tx, "password-reset", hashLinkToken(token)))) return "link-gone";
    await setPasswordHash(tx, person.id, passwordHash);
    await endLinksOf(tx, person.id);
    const sessionsEnded = await endAllSessions(tx, person.id);
    await addTrailEntry(tx, {
      action: "password.reset",
      actor,
      subjectId: person.id,
      details: { sessionsEnded },
    });
    await queueLetter(tx, tools.seal, person.email, letters.passwordChanged("reset"));
    return "reset";
  });
}
