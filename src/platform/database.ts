import {
  Client,
  DatabaseError,
  Pool,
  type PoolClient,
  type QueryConfig,
  type QueryResult,
  type QueryResultRow,
} from "pg";
import { isLate, isLost, wasNeverSent } from "../base/database-away";
import type { Way } from "../base/way";

/** Anything a statement can be sent through: the pool, or one connection inside a transaction. */
export type Queryable = {
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<QueryResult<Row>>;
};

/** How long those who ask a pool are let wait, in milliseconds: for a connection, and then for each statement's answer. */
export type Patience = { connection: number; statement: number };

const UNHURRIED = 5_000;

/**
 * Opens a pool of connections to Postgres, ten unless told; `onError` hears of idle connections that broke. Without
 * `patience` only the wait for a connection has an end (5 s), as commands need it. The limit is kept by this side, and a
 * connection whose answer is late is closed: what a pooler in transaction mode would not pass on cannot be relied on.
 */
export function openPool(
  url: string,
  onError: (error: Error) => void,
  { max = 10, patience }: { max?: number; patience?: Patience } = {},
): Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: patience?.connection ?? UNHURRIED,
    keepAlive: true,
    ...(patience && { query_timeout: patience.statement }),
  });
  pool.on("error", onError);
  // The pool itself listens only to idle connections, and an error without a listener would end the process: one that
  // comes in the same packet as the answer before it finds a connection that was handed on and not yet taken up.
  pool.on("connect", (client) => client.on("error", () => {}));
  pool.on("release", (error) => {
    if (error && isLate(error)) void dropSilent(pool);
  });
  return pool;
}

/** How a pool with this address reaches Postgres. Throws where the address names a certificate that cannot be read. */
export function wayToDatabase(url: string): Way {
  // Never connected. pg's own reading, which the environment (PGSSLMODE) has a say in; asked for TLS, it takes nothing else.
  const { host, ssl } = new Client({ connectionString: url });
  return { host, encrypted: Boolean(ssl), checked: Object(ssl).rejectUnauthorized !== false };
}

const SILENT_MS = 1_000;
const beingLookedAt = new WeakSet<Pool>();

// Where one connection is silent others may be too, as after the server's machine was lost: they are found out together
// now, not one by one by the requests that come next.
async function dropSilent(pool: Pool): Promise<void> {
  if (beingLookedAt.has(pool)) return;
  beingLookedAt.add(pool);
  const look = () =>
    pool.query({ text: "select 1", query_timeout: SILENT_MS } as QueryConfig).catch(() => {});
  await Promise.all(Array.from({ length: pool.idleCount }, look));
  beingLookedAt.delete(pool);
}

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
