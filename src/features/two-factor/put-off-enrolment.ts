import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import type { Person } from "../../base/person";
import { isAdministrator } from "../../base/roles";
import { requiresTwoFactor } from "../../base/two-factor-policy";
import { transaction } from "../../platform/database";
import { findInstallation } from "../../records/installation";
import { lockPerson, putOffTwoFactor } from "../../records/people";
import { findSecondFactor } from "../../records/second-factors";
import { addTrailEntry } from "../../records/trail";

/** Lets a person go on without two-factor authentication where it is optional for them; "required" where it is not,
 * or where somebody with their password has enrolled meanwhile. */
export async function putOffEnrolment(
  db: Pool,
  actor: Actor,
  person: Person,
): Promise<"put-off" | "required"> {
  return transaction(db, async (tx) => {
    await lockPerson(tx, person.id);
    if ((await mustEnrol(tx, person)) || (await findSecondFactor(tx, person.id))) return "required";
    await putOffTwoFactor(tx, person.id);
    await addTrailEntry(tx, { action: "second-factor.put-off", actor, subjectId: person.id });
    return "put-off";
  });
}

/** True when this person may not go on without two-factor authentication. */
export async function mustEnrol(
  db: Parameters<typeof findInstallation>[0],
  person: Person,
): Promise<boolean> {
  const { twoFactorPolicy } = await findInstallation(db);
  return requiresTwoFactor(twoFactorPolicy, { administrator: isAdministrator(person.roles) });
}
