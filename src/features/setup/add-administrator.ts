import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import type { Person } from "../../base/person";
import { ADMINISTRATOR } from "../../base/roles";
import { transaction } from "../../platform/database";
import { claimSetUp } from "../../records/installation";
import { insertPerson } from "../../records/people";
import { addTrailEntry } from "../../records/trail";

/** How long a password lasts that was made up, in seconds: as long as an invitation. */
const MADE_UP_SECONDS = 7 * 24 * 60 * 60;

/** Adds an administrator, which also ends a set-up that is pending; "taken" when the email has an account. */
export async function addAdministrator(
  db: Pool,
  actor: Actor,
  person: Pick<Person, "email" | "firstName" | "lastName">,
  password: { hash: string; madeUp: boolean },
): Promise<{ personId: string } | "taken"> {
  return transaction(db, async (tx) => {
    const roles = [ADMINISTRATOR];
    const passwordSeconds = password.madeUp ? MADE_UP_SECONDS : undefined;
    const added = { ...person, roles, passwordHash: password.hash, passwordSeconds };
    const personId = await insertPerson(tx, added);
    if (personId === undefined) return "taken";
    await claimSetUp(tx, "everyone");
    await addTrailEntry(tx, { action: "person.created", actor, subjectId: personId, details: { roles } });
    return { personId };
  });
}
