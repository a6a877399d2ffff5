import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { makeLinkToken } from "../../base/link-token";
import { transaction } from "../../platform/database";
import * as letters from "../../platform/letters";
import type { Seal } from "../../platform/seal";
import { insertLink } from "../../records/links";
import { queueLetter } from "../../records/mail";
import { isEmailTaken, type Person } from "../../records/people";
import { addTrailEntry } from "../../records/trail";

const LIFETIME_SECONDS = 60 * 60;

/**
 * Mails a link to the new address and a notice to the old one. An address that another account has gets a letter that
 * says so instead; the answer is the same, so nobody learns who has an account.
 */
export async function askForEmailChange(
  db: Pool,
  tools: { seal: Seal; baseUrl: URL },
  actor: Actor,
  person: Person,
  newEmail: string,
): Promise<void> {
  const { token, hash } = makeLinkToken();
  const { seal, baseUrl } = tools;
  await transaction(db, async (tx) => {
    const details = { newEmail };
    await addTrailEntry(tx, { action: "email.change-asked", actor, subjectId: person.id, details });
    await queueLetter(tx, seal, person.email, letters.emailChangeAsked(newEmail));
    if (await isEmailTaken(tx, newEmail)) return queueLetter(tx, seal, newEmail, letters.emailTaken());
    const lifetimeSeconds = LIFETIME_SECONDS;
    await insertLink(tx, {
      hash,
      purpose: "email-change",
      personId: person.id,
      email: newEmail,
      lifetimeSeconds,
    });
    const url = new URL(`/profile/email/confirm?token=${token}`, baseUrl).href;
    await queueLetter(tx, seal, newEmail, letters.emailChange(url));
  });
}
