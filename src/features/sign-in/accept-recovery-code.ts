import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import type { Person } from "../../base/person";
import { normaliseRecoveryCode } from "../../base/recovery-code";
import { transaction } from "../../platform/database";
import { recoveryCodeUsed } from "../../platform/letters";
import { hashRecoveryCode, type Seal } from "../../platform/seal";
import { queueLetter } from "../../records/mail";
import { countRecoveryCodes, spendRecoveryCode } from "../../records/recovery-codes";
import { addTrailEntry } from "../../records/trail";

/** Accepts a recovery code, once, and writes to its owner; says how many are left. */
export async function acceptRecoveryCode(
  db: Pool,
  tools: { seal: Seal; pepper: Buffer },
  actor: Actor,
  person: Person,
  typed: string,
): Promise<{ left: number } | "malformed" | "wrong"> {
  const code = normaliseRecoveryCode(typed);
  if (code === undefined) return "malformed";
  return transaction(db, async (tx) => {
    const hash = hashRecoveryCode(tools.pepper, person.id, code);
    if (!(await spendRecoveryCode(tx, person.id, hash))) return "wrong";
    const left = (await countRecoveryCodes(tx, [person.id]))[0] ?? 0;
    await addTrailEntry(tx, { action: "recovery-code.used", actor, subjectId: person.id, details: { left } });
    await queueLetter(tx, tools.seal, person.email, recoveryCodeUsed(left));
    return { left };
  });
}
