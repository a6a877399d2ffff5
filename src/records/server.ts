import { setTimeout as pause } from "node:timers/promises";
import type { Queryable } from "../platform/database";

/** The database server's version, what its clock says, and whether it takes no changes. */
export type DatabaseServer = { version: string; at: Date; readOnly: boolean };

/** Asks the database server about itself. */
export async function readServer(db: Queryable): Promise<DatabaseServer> {
  const { rows } = await db.query<DatabaseServer>(
    `select current_setting('server_version') as version, clock_timestamp() as at,
            pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as "readOnly"`,
  );
  const [row] = rows;
  if (!row) throw new Error("The database gave no answer");
  return row;
}

/** True when the database answers within `longestMs`; false when it does not, or says no. */
export async function doesAnswer(db: Queryable, longestMs: number): Promise<boolean> {
  const asked = db.query("select 1").then(
    () => true,
    () => false,
  );
  const timer = new AbortController();
  return Promise.race([asked, pause(longestMs, false, timer).catch(() => false)]).finally(() =>
    timer.abort(),
  );
}

/**
 * Keeps what follows in this transaction to one process of the server: nobody waits for it, and it must not take the
 * cores of those that somebody does wait for.
 */
export async function takeOneCore(tx: Queryable): Promise<void> {
  await tx.query("set local max_parallel_workers_per_gather = 0; set local jit = off");
}
