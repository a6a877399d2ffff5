import type { Readable, Writable } from "node:stream";
import type { PoolClient } from "pg";
import { from, to } from "pg-copy-streams";
import type { Queryable } from "../../platform/database";
import { columnsOf, rowsOf, type StoredTable } from "./tables";

/**
 * Makes this transaction, which has only begun, see one instant of these tables until it ends. Programs go on writing;
 * migrations wait.
 */
export async function beginSnapshot(tx: Queryable, tables: StoredTable[]): Promise<void> {
  await tx.query("set transaction isolation level repeatable read, read only");
  // Before the first look, which makes the snapshot.
  await tx.query(`lock table ${tables.map(({ name }) => name).join(", ")} in access share mode`);
  await speakPlainly(tx);
}

/** Makes values read the same whatever the server is set to, and lets statements take their time. */
export async function speakPlainly(tx: Queryable): Promise<void> {
  await tx.query(
    `set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres';
     set local bytea_output = 'hex'; set local statement_timeout = 0; set local lock_timeout = 0;
     set local idle_in_transaction_session_timeout = 0`,
  );
}

/** The sealed pepper, of a database of whatever version; null before its first start. */
export async function findSealedPepper(db: Queryable): Promise<Buffer | null> {
  const { rows } = await db.query<{ sealedPepper: Buffer | null }>(
    'select sealed_pepper as "sealedPepper" from installation',
  );
  return rows[0]?.sealedPepper ?? null;
}

/** What a backup holds of a table, in Postgres's text format. */
export function copyOut(tx: PoolClient, table: StoredTable): Readable {
  return tx.query(to(`copy (${rowsOf(table)}) to stdout`));
}

/** Takes a table's data back. */
export function copyIn(tx: PoolClient, table: StoredTable): Writable {
  return tx.query(from(`copy ${columnsOf(table)} from stdin`));
}
