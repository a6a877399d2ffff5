import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { normaliseRecoveryCode } from "../../base/recovery-code";
import { transaction } from "../../platform/database";
import { hashRecoveryCode } from "../../platform/seal";
import { countRecoveryCodes, spendRecoveryCode } from "../../records/recovery-codes";
import { addTrailEntry } from "../../records/trail";

/** Accepts a recovery code, once; says how many are left. */
export async function acceptRecoveryCode(
  db: Pool,
  pepper: Buffer,
  actor: Actor,
  personId: string,
  typed: string,
): Promise<{ left: number } | "malformed" | "wrong"> {
  const code = normaliseRecoveryCode(typed);
  if (code === undefined) return "malformed";
  return transaction(db, async (tx) => {
    if (!(await spendRecoveryCode(tx, personId, hashRecoveryCode(pepper, personId, code)))) return "wrong";
    const left = await countRecoveryCodes(tx, personId);
    await addTrailEntry(tx, { action: "recovery-code.used", actor, subjectId: personId, details: { left } });
    return { left };
  });
}
