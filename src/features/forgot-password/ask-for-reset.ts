import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { makeLinkToken } from "../../base/link-token";
import { transaction } from "../../platform/database";
import * as letters from "../../platform/letters";
import type { Seal } from "../../platform/seal";
import { insertLink, mayMakeLink } from "../../records/links";
import { queueLetter } from "../../records/mail";
import { findPersonByEmail, lockPerson } from "../../records/people";
import { addTrailEntry } from "../../records/trail";

const LIFETIME_SECONDS = 60 * 60;

/**
 * Mails a link for a new password to whoever has this email; nothing happens, and nothing is said, where nobody has, or
 * where another request is doing the same at this moment.
 */
export async function askForReset(
  db: Pool,
  tools: { seal: Seal; baseUrl: URL },
  actor: Actor,
  typedEmail: string,
): Promise<void> {
  const person = await findPersonByEmail(db, typedEmail);
  if (!person) return;
  const { token, hash } = makeLinkToken();
  const { id: personId, email } = person;
  await transaction(db, async (tx) => {
    if (!(await mayMakeLink(tx, "password-reset", personId))) return;
    // Their email may have changed meanwhile; a link is only ever sent to the present one.
    if ((await lockPerson(tx, personId))?.email !== email) return;
    await insertLink(tx, {
      hash,
      purpose: "password-reset",
      personId,
      email,
      lifetimeSeconds: LIFETIME_SECONDS,
    });
    await addTrailEntry(tx, { action: "password.reset-asked", actor, subjectId: personId });
    const url = new URL(`/reset-password?token=${token}`, tools.baseUrl).href;
    await queueLetter(tx, tools.seal, email, letters.passwordReset(url));
  });
}
