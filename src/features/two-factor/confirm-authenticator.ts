import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { transaction } from "../../platform/database";
import { authenticatorReplaced } from "../../platform/letters";
import { matchingStep, normaliseCode } from "../../platform/one-time-code";
import type { Seal } from "../../platform/seal";
import { hintAtClock } from "../../records/clock-hints";
import { endLinksOf } from "../../records/links";
import { queueLetter } from "../../records/mail";
import { lockPerson } from "../../records/people";
import * as secondFactors from "../../records/second-factors";
import { endOtherSessions } from "../../records/sessions/sessions";
import { addTrailEntry } from "../../records/trail";
import { drawRecoveryCodes } from "./replace-recovery-codes";

export type ConfirmAnswer =
  | { recoveryCodes: string[]; replaced: boolean }
  | { clock: string }
  | "malformed"
  | "wrong"
  | "lapsed"
  | "already-confirmed";

/**
 * Makes the authenticator this session is enrolling the person's own, in one transaction: until its code is confirmed
 * the old one works, from then on only the new one does; other sessions and open links end, and the recovery codes are new.
 * An enrolment (as against a reset) is refused once the person has an authenticator.
 */
export async function confirmAuthenticator(
  db: Pool,
  tools: { seal: Seal; pepper: Buffer; now: Date },
  actor: Actor & { sessionId: string },
  request: { personId: string; sid: string; typed: string; secondFactorId: string; reset: boolean },
): Promise<ConfirmAnswer> {
  const code = normaliseCode(request.typed);
  if (code === undefined) return "malformed";
  return transaction(db, async (tx) => {
    const person = await lockPerson(tx, request.personId);
    const current = await secondFactors.findSecondFactor(tx, request.personId);
    if (current?.id === request.secondFactorId || (current && !request.reset)) return "already-confirmed";
    const pending = await secondFactors.findPending(tx, request.sid);
    if (!pending || pending.id !== request.secondFactorId) return "lapsed";

    const purpose = secondFactors.secondFactorPurpose(request.personId);
    const secret = tools.seal.tryOpen(pending.sealedSecret, purpose)?.plain.toString();
    // The page then shows a new one.
    if (secret === undefined) return "lapsed";
    const step = matchingStep(secret, code, tools.now);
    if (step === undefined) {
      const hint = await hintAtClock(tx, pending.id, secret, code, tools.now);
      return hint === "used" ? "wrong" : hint;
    }
    if (!(await secondFactors.spendStep(tx, pending.id, step))) return "wrong";

    await secondFactors.deleteSecondFactor(tx, request.personId);
    await secondFactors.confirmPending(tx, pending.id);
    const ended = await endOtherSessions(tx, request.personId, actor.sessionId);
    if (current) await endLinksOf(tx, request.personId);
    const recoveryCodes = await drawRecoveryCodes(tx, tools.pepper, request.personId);
    await addTrailEntry(tx, {
      action: current ? "second-factor.reset" : "second-factor.enrolled",
      actor,
      subjectId: request.personId,
      details: { otherSessionsEnded: ended },
    });
    if (current && person) await queueLetter(tx, tools.seal, person.email, authenticatorReplaced());
    return { recoveryCodes, replaced: current !== undefined };
  });
}
