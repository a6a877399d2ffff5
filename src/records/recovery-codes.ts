import type { Queryable } from "../platform/database";

/** Replaces all recovery codes of a person by new ones, given as hashes. */
export async function replaceRecoveryCodes(db: Queryable, personId: string, hashes: Buffer[]): Promise<void> {
  await db.query("delete from recovery_codes where person_id = $1", [personId]);
  await db.query("insert into recovery_codes (person_id, hash) select $1, unnest($2::bytea[])", [
    personId,
    hashes,
  ]);
}

/** Spends a recovery code: true for exactly one caller, ever. */
export async function spendRecoveryCode(db: Queryable, personId: string, hash: Buffer): Promise<boolean> {
  const { rowCount } = await db.query(
    "update recovery_codes set used_at = now() where person_id = $1 and hash = $2 and used_at is null",
    [personId, hash],
  );
  return rowCount === 1;
}

/** True for a code that is, or was, one of the person's present set. */
export async function isRecoveryCode(db: Queryable, personId: string, hash: Buffer): Promise<boolean> {
  const { rows } = await db.query("select from recovery_codes where person_id = $1 and hash = $2", [
    personId,
    hash,
  ]);
  return rows.length === 1;
}

/** How many recovery codes a person still has. */
export async function countRecoveryCodes(db: Queryable, personId: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    "select count(*)::int as count from recovery_codes where person_id = $1 and used_at is null",
    [personId],
  );
  return rows[0]?.count ?? 0;
}

/** Removes all recovery codes of a person. */
export async function deleteRecoveryCodes(db: Queryable, personId: string): Promise<void> {
  await db.query("delete from recovery_codes where person_id = $1", [personId]);
}
