import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { hashLinkToken } from "../../base/link-token";
import { transaction } from "../../platform/database";
import * as letters from "../../platform/letters";
import type { Seal } from "../../platform/seal";
import { endLinksOf, useLink } from "../../records/links";
import { queueLetter } from "../../records/mail";
import { changeEmail as changeEmailRecord, lockPerson } from "../../records/people";
import { addTrailEntry } from "../../records/trail";

/** Uses the link up and changes the email, which ends other open links; "taken" when another account has the address by now. */
export async function changeEmail(
  db: Pool,
  tools: { seal: Seal },
  actor: Actor,
  { personId, token }: { personId: string; token: string },
): Promise<"changed" | "taken" | "link-gone"> {
  return transaction(db, async (tx) => {
    const person = await lockPerson(tx, personId);
    const link = person && (await useLink(tx, "email-change", hashLinkToken(token)));
    if (!link) return "link-gone";
    if (!(await changeEmailRecord(tx, person.id, link.email))) return "taken";
    await endLinksOf(tx, person.id);
    const details = { from: person.email, to: link.email };
    await addTrailEntry(tx, { action: "email.changed", actor, subjectId: person.id, details });
    await queueLetter(tx, tools.seal, person.email, letters.emailChanged(link.email));
    return "changed";
  });
}
