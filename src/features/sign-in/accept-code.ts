import type { Pool } from "pg";
import { matchingStep, normaliseCode } from "../../platform/one-time-code";
import type { Seal } from "../../platform/seal";
import { hintAtClock } from "../../records/clock-hints";
import { findSecondFactor, secondFactorPurpose, spendStep } from "../../records/second-factors";

/** Accepts a one-time code of the person's authenticator, once; `clock` says how far off a clock is that shows it now. */
export async function acceptCode(
  db: Pool,
  seal: Seal,
  personId: string,
  typed: string,
  now: Date,
): Promise<"accepted" | "malformed" | "wrong" | "used" | { clock: string }> {
  const code = normaliseCode(typed);
  if (code === undefined) return "malformed";
  const factor = await findSecondFactor(db, personId);
  if (!factor) return "wrong";
  const secret = seal.open(factor.sealedSecret, secondFactorPurpose(personId)).toString();
  const step = matchingStep(secret, code, now);
  if (step === undefined) return hintAtClock(db, factor.id, secret, code, now);
  return (await spendStep(db, factor.id, step)) ? "accepted" : "used";
}
