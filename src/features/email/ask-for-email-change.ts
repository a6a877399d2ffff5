import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { makeLinkToken } from "../../base/link-token";
import type { Person } from "../../base/person";
import { transaction } from "../../platform/database";
import * as letters from "../../platform/letters";
import type { Seal } from "../../platform/seal";
import { insertLink, replaceLinks } from "../../records/links";
import { queueLetter } from "../../records/mail";
import { isEmailTaken, lockPerson } from "../../records/people";
import { isSignedIn } from "../../records/sessions/sessions";
import { addTrailEntry } from "../../records/trail";

const LIFETIME_SECONDS = 60 * 60;

/**
 * Mails a link to the new address and a notice to the old one. An address that another account has gets a letter that
 * says so instead; the answer is the same, so nobody learns who has an account. "signed-out" when the session has ended
 * meanwhile: a link asked for with a stolen one must not outlive it.
 */
export async function askForEmailChange(
  db: Pool,
  tools: { seal: Seal; baseUrl: URL },
  actor: Actor,
  person: Person,
  newEmail: string,
): Promise<"asked" | "signed-out"> {
  const { token, hash } = makeLinkToken();
  const { seal, baseUrl } = tools;
  return transaction(db, async (tx) => {
    await lockPerson(tx, person.id);
    if (!(await isSignedIn(tx, person.id, actor.sessionId))) return "signed-out";
    const details = { newEmail };
    await addTrailEntry(tx, { action: "email.change-asked", actor, subjectId: person.id, details });
    await queueLetter(tx, seal, person.email, letters.emailChangeAsked(newEmail));
    const link = { purpose: "email-change" as const, personId: person.id, email: newEmail };
    if (await isEmailTaken(tx, newEmail)) {
      await replaceLinks(tx, link);
      await queueLetter(tx, seal, newEmail, letters.emailTaken());
      return "asked";
    }
    await insertLink(tx, { ...link, hash, lifetimeSeconds: LIFETIME_SECONDS });
    const url = new URL(`/profile/email/confirm?token=${token}`, baseUrl).href;
    await queueLetter(tx, seal, newEmail, letters.emailChange(url));
    return "asked";
  });
}
