import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { hashLinkToken } from "../../base/link-token";
import { transaction } from "../../platform/database";
import * as letters from "../../platform/letters";
import type { Passwords } from "../../platform/passwords";
import type { Seal } from "../../platform/seal";
import { useLink } from "../../records/links";
import { queueLetter } from "../../records/mail";
import { lockPerson, setPasswordHash } from "../../records/people";
import { endAllSessions } from "../../records/sessions";
import { addTrailEntry } from "../../records/trail";

/** Uses the link up and sets the new password; ends every session. The second factor stays as it is. */
export async function resetPassword(
  db: Pool,
  tools: { passwords: Passwords; seal: Seal },
  actor: Actor,
  token: string,
  newPassword: string,
): Promise<"reset" | "link-gone"> {
  const passwordHash = await tools.passwords.hash(newPassword);
  return transaction(db, async (tx) => {
    const link = await useLink(tx, "password-reset", hashLinkToken(token));
    const person = link?.personId ? await lockPerson(tx, link.personId) : undefined;
    if (!person) return "link-gone";
    await setPasswordHash(tx, person.id, passwordHash);
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
