import type { Pool } from "pg";
import type { Actor } from "../../../base/actor";
import { transaction } from "../../../platform/database";
import { lockAdministrators } from "../../../records/installation";
import { findPersonByEmail, lockPerson } from "../../../records/people";
import * as records from "../../../records/people-administration";
import { countServiceAccountsOf, reassignServiceAccounts } from "../../../records/service-accounts";
import { endAllSessions } from "../../../records/sessions";
import { addTrailEntry } from "../../../records/trail";

/**
 * Deactivates a person: signed out everywhere, their key stops. Service accounts they are responsible for go to the
 * active person with the successor's email: without one the answer is "successor-missing" or "successor-unknown".
 */
export async function deactivatePerson(
  db: Pool,
  actor: Actor,
  personId: string,
  successorEmail: string,
): Promise<
  "deactivated" | "already-deactivated" | "last-administrator" | "successor-missing" | "successor-unknown"
> {
  return transaction(db, async (tx) => {
    // Every deactivation waits here, so the successor stays active too.
    await lockAdministrators(tx);
    if (!(await lockPerson(tx, personId))) return "already-deactivated";
    const responsible = (await countServiceAccountsOf(tx, personId)) > 0;
    const successor = responsible ? await findPersonByEmail(tx, successorEmail) : undefined;
    if (responsible && successorEmail === "") return "successor-missing";
    if (responsible && (!successor || successor.id === personId)) return "successor-unknown";
    if (!(await records.deactivatePerson(tx, personId))) return "last-administrator";
    const details = successor
      ? {
          successorId: successor.id,
          serviceAccounts: await reassignServiceAccounts(tx, personId, successor.id),
        }
      : {};
    await endAllSessions(tx, personId);
    await addTrailEntry(tx, { action: "person.deactivated", actor, subjectId: personId, details });
    return "deactivated";
  });
}
