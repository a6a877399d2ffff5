import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { secondFactorReset } from "../../platform/letters";
import type { Seal } from "../../platform/seal";
import { asAdministrator } from "../../records/administrators";
import { endLinksOf } from "../../records/links";
import { queueLetter } from "../../records/mail";
import { lockPerson } from "../../records/people";
import { forgetPutOff } from "../../records/people-administration";
import { deleteRecoveryCodes } from "../../records/recovery-codes";
import { deleteSecondFactor } from "../../records/second-factors";
import { endAllSessions } from "../../records/sessions/sessions";
import { addTrailEntry } from "../../records/trail";

/**
 * Takes two-factor authentication away from people who lost it, all in one transaction: authenticator and recovery codes
 * are gone, they are signed out everywhere, written to, and enrol at next sign-in. Returns how many it was done for: who
 * had no authenticator, perhaps because the form was sent twice, is left alone, and so is the actor.
 */
export async function resetTwoFactor(
  db: Pool,
  seal: Seal,
  actor: Actor,
  personIds: string[],
  reason: string,
): Promise<number> {
  const by = actor.kind === "command-line" ? "The operator of the server" : "An administrator";
  return asAdministrator(db, actor, async (tx) => {
    let done = 0;
    // In one order, so that two administrators with the same people in mind do not wait for each other for ever.
    for (const id of [...new Set(personIds)].sort()) {
      if (id === actor.personId) continue;
      const person = await lockPerson(tx, id);
      if (!person || !(await deleteSecondFactor(tx, id))) continue;
      await deleteRecoveryCodes(tx, id);
      await forgetPutOff(tx, id);
      await endAllSessions(tx, id);
      await endLinksOf(tx, id);
      await queueLetter(tx, seal, person.email, secondFactorReset(by));
      await addTrailEntry(tx, { action: "second-factor.reset", actor, subjectId: id, details: { reason } });
      done += 1;
    }
    return done;
  });
}
