import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import type { Person } from "../../base/person";
import { matchingStep, normaliseCode } from "../../platform/one-time-code";
import type { Seal } from "../../platform/seal";
import { hintAtClock } from "../../records/clock-hints";
import {
  findSecondFactor,
  giveBackCodeTry,
  secondFactorPurpose,
  spendStep,
} from "../../records/second-factors";
import { countCode } from "./count-code";

/**
 * Accepts a one-time code of the person's authenticator, once; `clock` says how far off a clock is that shows it now.
 * "closed" when there were too many wrong ones in a row to look at another; "unreadable" when the stored secret does not
 * open: no code can be right then, and nobody passes without one.
 */
export async function acceptCode(
  db: Pool,
  tools: { seal: Seal; now: () => Date },
  actor: Actor,
  person: Person,
  typed: { code: string; known: boolean },
): Promise<"accepted" | "malformed" | "wrong" | "used" | "closed" | "unreadable" | { clock: string }> {
  const code = normaliseCode(typed.code);
  if (code === undefined) return "malformed";
  const factor = await findSecondFactor(db, person.id);
  if (!factor) return "wrong";
  const secret = tools.seal.tryOpen(factor.sealedSecret, secondFactorPurpose(person.id))?.plain.toString();
  if (secret === undefined) return "unreadable";
  if ((await countCode(db, tools.seal, actor, person, { factor, known: typed.known })) === "closed")
    return "closed";
  const now = tools.now();
  const step = matchingStep(secret, code, now);
  if (step === undefined) return hintAtClock(db, factor.id, secret, code, now);
  if (await spendStep(db, factor.id, step)) return "accepted";
  // Sent twice, no guess.
  await giveBackCodeTry(db, factor.id);
  return "used";
}
