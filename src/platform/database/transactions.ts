import { DatabaseError, type Pool, type PoolClient } from "pg";
import { isLost, wasNeverSent } from "../../base/database-away";

const DEADLOCK = "40P01";
const TRIES = 3;

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it throws. Where Postgres ends it to
 * resolve a deadlock it is run again, at most three times, so `work` must change nothing but the database.
 */
export async function transaction<T>(pool: Pool, work: (tx: PoolClient) => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await transactionOnce(pool, work);
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code !== DEADLOCK || tried === TRIES) throw error;
    }
  }
}

async function transactionOnce<T>(pool: Pool, work: (tx: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(beginOn(pool));
    const result = await work(client);
    // Once it is sent, the database alone knows whether it was saved.
    saving.add(pool);
    const { command } = await client.query("commit");
    // Postgres answers so where a statement failed before and nobody minded.
    if (command === "ROLLBACK") throw new Error("The transaction had failed before it was to be committed");
    return result;
  } catch (error) {
    // Its answer would stand in line behind the one that did not come.
    if (error instanceof Error && isLost(error)) broken = error;
    else
      await client.query("rollback").catch((failure: Error) => {
        broken = failure;
      });
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Runs `work`, which only reads, on the database as it stands at one moment. */
export function snapshot<T>(pool: Pool, work: (tx: PoolClient) => Promise<T>): Promise<T> {
  return transaction(pool, async (tx) => {
    await tx.query("set transaction isolation level repeatable read read only");
    return work(tx);
  });
}

const SOONER_MS = 500;
const IDLE_MS = 10_000;

// Postgres gives up a little before this side does, and so rolls back for certain and leaves no statement waiting for a
// lock behind. Set for the transaction alone, which a pooler in transaction mode passes on, unlike parameters of the
// connection. A replica that vanished without a word holds its locks for ten seconds at most.
function beginOn(pool: Pool): string {
  const { query_timeout: patience } = pool.options;
  if (!patience) return "begin";
  return `begin; set local statement_timeout = ${Number(patience) - SOONER_MS}; set local idle_in_transaction_session_timeout = ${IDLE_MS}`;
}

const saving = new WeakSet<object>();

/** True once anything was saved through this view of a pool, or was sent to be saved and not certainly refused. */
export function mayHaveSaved(view: Pool): boolean {
  return saving.has(view);
}

/** A view of a pool for one request, which remembers for `mayHaveSaved`. For statements and transactions only. */
export function forOneRequest(pool: Pool): Pool {
  const view = {
    options: pool.options,
    connect: () => pool.connect(),
    async query(text: string, values?: unknown[]) {
      try {
        const result = await pool.query(text, values);
        if (isChange(text)) saving.add(view);
        return result;
      } catch (error) {
        if (isChange(text) && !wasCertainlyRefused(error)) saving.add(view);
        throw error;
      }
    },
  };
  return view as unknown as Pool;
}

// How often something was tried is counted whatever becomes of the request, and is no change to anybody.
function isChange(text: string): boolean {
  return !/^\s*select\b/i.test(text) && !/\bthrottles\b/.test(text);
}

function wasCertainlyRefused(error: unknown): boolean {
  if (!(error instanceof Error) || wasNeverSent(error)) return true;
  return error instanceof DatabaseError && !isLost(error);
}
