import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { hashLinkToken } from "../../base/link-token";
import { transaction } from "../../platform/database";
import * as letters from "../../platform/letters";
import type { Seal } from "../../platform/seal";
import { useLink } from "../../records/links";
import { queueLetter } from "../../records/mail";
import { changeEmail as changeEmailRecord, lockPerson } from "../../records/people";
import { addTrailEntry } from "../../records/trail";

/** Uses the link up and changes the email; "taken" when another account has the address by now. */
export async function changeEmail(
  db: Pool,
  tools: { seal: Seal },
  actor: Actor,
  token: string,
): Promise<"changed" | "taken" | "link-gone"> {
  return transaction(db, async (tx) => {
    const link = await useLink(tx, "email-change", hashLinkToken(token));
    const person = link?.personId ? await lockPerson(tx, link.personId) : undefined;
    if (!link || !person) return "link-gone";
    if (!(await changeEmailRecord(tx, person.id, link.email))) return "taken";
    const details = { from: person.email, to: link.email };
    await addTrailEntry(tx, { action: "email.changed", actor, subjectId: person.id, details });
    await queueLetter(tx, tools.seal, person.email, letters.emailChanged(link.email));
    return "changed";
  });
}
