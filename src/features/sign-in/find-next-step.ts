import type { Person } from "../../base/person";
import { isAdministrator } from "../../base/roles";
import { requiresTwoFactor } from "../../base/two-factor-policy";
import type { Queryable } from "../../platform/database";
import { findInstallation } from "../../records/installation";
import { hasPutOffTwoFactor } from "../../records/people";
import { findSecondFactor } from "../../records/second-factors";
import type { SessionStage } from "../../records/sessions/lookups";

/** What follows a right password: the code, enrolment (also when it is only offered), or nothing more. */
export async function findNextStep(db: Queryable, person: Person): Promise<SessionStage> {
  if (await findSecondFactor(db, person.id)) return "code";
  const { twoFactorPolicy } = await findInstallation(db);
  if (requiresTwoFactor(twoFactorPolicy, { administrator: isAdministrator(person.roles) }))
    return "enrolment";
  return (await hasPutOffTwoFactor(db, person.id)) ? "signed-in" : "enrolment";
}
