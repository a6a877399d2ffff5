import type { Pool } from "pg";
import type { Actor } from "../../../base/actor";
import { nowResponsible } from "../../../platform/letters";
import type { Seal } from "../../../platform/seal";
import { asAdministrator } from "../../../records/administrators";
import { endLinksOf } from "../../../records/links";
import { queueLetter } from "../../../records/mail";
import { findPersonByEmail, lockPerson } from "../../../records/people";
import * as records from "../../../records/people-administration";
import { listServiceAccountsOf, reassignServiceAccounts } from "../../../records/service-accounts";
import { endAllSessions } from "../../../records/sessions/sessions";
import { addTrailEntry } from "../../../records/trail";
import { withdrawLinksBy } from "../withdraw-links-by";

/**
 * Deactivates a person: signed out everywhere, their key stops, invitations they sent are withdrawn. Service accounts they are responsible for go to the
 * active person with the successor's email, who is written to: without one the answer is "successor-missing" or "successor-unknown".
 */
export async function deactivatePerson(
  db: Pool,
  seal: Seal,
  actor: Actor,
  personId: string,
  successorEmail: string,
): Promise<
  "deactivated" | "already-deactivated" | "last-administrator" | "successor-missing" | "successor-unknown"
> {
  return asAdministrator(
    db,
    actor,
    async (tx) => {
      const person = await lockPerson(tx, personId);
      if (!person) return "already-deactivated";
      const responsible = (await listServiceAccountsOf(tx, personId)).length > 0;
      const successor = responsible ? await findPersonByEmail(tx, successorEmail) : undefined;
      if (responsible && successorEmail === "") return "successor-missing";
      if (responsible && (!successor || successor.id === personId)) return "successor-unknown";
      if (!(await records.deactivatePerson(tx, personId))) return "last-administrator";
      const handedOn = successor ? await reassignServiceAccounts(tx, personId, successor.id) : [];
      for (const { id: subjectId } of handedOn) {
        const responsible = { from: person.email, to: successor?.email };
        await addTrailEntry(tx, {
          action: "service-account.changed",
          actor,
          subjectId,
          details: { responsible },
        });
      }
      if (successor) {
        const names = handedOn.map(({ name }) => name);
        const predecessor = `${person.firstName} ${person.lastName}`;
        await queueLetter(tx, seal, successor.email, nowResponsible(names, predecessor));
      }
      const details = successor ? { successor: successor.email, serviceAccounts: handedOn.length } : {};
      await endAllSessions(tx, personId);
      await endLinksOf(tx, personId);
      await withdrawLinksBy(tx, actor, personId);
      await addTrailEntry(tx, { action: "person.deactivated", actor, subjectId: personId, details });
      return "deactivated";
    },
    { alone: true },
  );
}
