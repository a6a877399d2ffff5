import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import type { Person } from "../../base/person";
import { ADMINISTRATOR } from "../../base/roles";
import { transaction } from "../../platform/database";
import { claimSetUp } from "../../records/installation";
import { insertPerson } from "../../records/people";
import { addTrailEntry } from "../../records/trail";

/** Adds an administrator, which also ends a set-up that is pending; "taken" when the email has an account. */
export async function addAdministrator(
  db: Pool,
  actor: Actor,
  person: Pick<Person, "email" | "firstName" | "lastName">,
  passwordHash: string,
): Promise<{ personId: string } | "taken"> {
  return transaction(db, async (tx) => {
    const roles = [ADMINISTRATOR];
    const personId = await insertPerson(tx, { ...person, roles, passwordHash });
    if (personId === undefined) return "taken";
    await claimSetUp(tx, "everyone");
    await addTrailEntry(tx, { action: "person.created", actor, subjectId: personId, details: { roles } });
    return { personId };
  });
}
