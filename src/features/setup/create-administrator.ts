import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { ADMINISTRATOR } from "../../base/roles";
import { transaction } from "../../platform/database";
import { claimSetUp } from "../../records/installation";
import { insertPerson } from "../../records/people";
import { addTrailEntry } from "../../records/trail";
import type { SetUpInput } from "./form";

/** Creates the first administrator and ends the set-up; "already-set-up" when somebody else was first. */
export async function createAdministrator(
  db: Pool,
  actor: Actor,
  form: SetUpInput,
  passwordHash: string,
): Promise<{ personId: string } | "already-set-up"> {
  return transaction(db, async (tx) => {
    if (!(await claimSetUp(tx, form.twoFactorPolicy))) return "already-set-up";
    const { email, firstName, lastName } = form;
    const roles = [ADMINISTRATOR];
    const personId = await insertPerson(tx, { email, firstName, lastName, roles, passwordHash });
    if (personId === undefined) throw new Error("The first administrator's email is taken");
    await addTrailEntry(tx, {
      action: "installation.set-up",
      actor,
      subjectId: personId,
      details: { twoFactorPolicy: form.twoFactorPolicy },
    });
    return { personId };
  });
}
