import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import type { Person } from "../../base/person";
import { normaliseRecoveryCode } from "../../base/recovery-code";
import { transaction } from "../../platform/database";
import { recoveryCodeUsed } from "../../platform/letters";
import { hashRecoveryCode, type Seal } from "../../platform/seal";
import { queueLetter } from "../../records/mail";
import { countRecoveryCodes, isRecoveryCode, spendRecoveryCode } from "../../records/recovery-codes";
import { findSecondFactor, forgetWrongCodes, giveBackCodeTry } from "../../records/second-factors";
import { addTrailEntry } from "../../records/trail";
import { countCode } from "./count-code";

/**
 * Accepts a recovery code, once, and writes to its owner; says how many are left. "closed" when there were too many
 * wrong codes in a row to look at another.
 */
export async function acceptRecoveryCode(
  db: Pool,
  tools: { seal: Seal; pepper: Buffer },
  actor: Actor,
  person: Person,
  typed: { code: string; known: boolean },
): Promise<{ left: number } | "malformed" | "wrong" | "used" | "closed"> {
  const code = normaliseRecoveryCode(typed.code);
  if (code === undefined) return "malformed";
  const factor = await findSecondFactor(db, person.id);
  if (!factor) return "wrong";
  if ((await countCode(db, tools.seal, actor, person, { factor, known: typed.known })) === "closed")
    return "closed";
  const hash = hashRecoveryCode(tools.pepper, person.id, code);
  const accepted = await spend(db, tools.seal, actor, person, { hash, factorId: factor.id });
  if (accepted) return accepted;
  if (!(await isRecoveryCode(db, person.id, hash))) return "wrong";
  // Sent twice, no guess.
  await giveBackCodeTry(db, factor.id);
  return "used";
}

function spend(
  db: Pool,
  seal: Seal,
  actor: Actor,
  person: Person,
  { hash, factorId }: { hash: Buffer; factorId: string },
): Promise<{ left: number } | undefined> {
  return transaction(db, async (tx) => {
    if (!(await spendRecoveryCode(tx, person.id, hash))) return undefined;
    await forgetWrongCodes(tx, factorId);
    const left = await countRecoveryCodes(tx, person.id);
    await addTrailEntry(tx, { action: "recovery-code.used", actor, subjectId: person.id, details: { left } });
    await queueLetter(tx, seal, person.email, recoveryCodeUsed(left));
    return { left };
  });
}
