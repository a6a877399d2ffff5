import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import type { Person } from "../../base/person";
import { makeRecoveryCodes, normaliseRecoveryCode } from "../../base/recovery-code";
import type { Queryable } from "../../platform/database";
import { recoveryCodesReplaced } from "../../platform/letters";
import { hashRecoveryCode, type Seal } from "../../platform/seal";
import { queueLetter } from "../../records/mail";
import * as records from "../../records/recovery-codes";
import { asSignedIn } from "../../records/signed-in";
import { addTrailEntry } from "../../records/trail";

/** Replaces the person's recovery codes by ten new ones, which are returned to be shown once, and writes to them. */
export async function replaceRecoveryCodes(
  db: Pool,
  tools: { seal: Seal; pepper: Buffer },
  actor: Actor,
  person: Person,
): Promise<string[]> {
  return asSignedIn(db, actor, async (tx) => {
    await addTrailEntry(tx, { action: "recovery-codes.replaced", actor, subjectId: person.id });
    await queueLetter(tx, tools.seal, person.email, recoveryCodesReplaced());
    return drawRecoveryCodes(tx, tools.pepper, person.id);
  });
}

/** Inside a transaction: makes ten recovery codes, stores their hashes instead of the old ones, and returns them. */
export async function drawRecoveryCodes(tx: Queryable, pepper: Buffer, personId: string): Promise<string[]> {
  const codes = makeRecoveryCodes();
  const hashes = codes.map((code) => hashRecoveryCode(pepper, personId, normaliseRecoveryCode(code) ?? ""));
  await records.replaceRecoveryCodes(tx, personId, hashes);
  return codes;
}
