import { Client, Pool, type PoolClient, type QueryConfig } from "pg";
import { isLate } from "../../base/database-away";
import type { Way } from "../../base/way";

/** How long those who ask a pool are let wait, in milliseconds: for a connection, and then for each statement's answer. */
export type Patience = { connection: number; statement: number };

const UNHURRIED = 5_000;

/**
 * Opens a pool of connections to Postgres, ten unless told; `onError` hears of idle connections that broke. Without
 * `patience` only the wait for a connection has an end (5 s), as commands need it. The limit is kept by this side, and a
 * connection whose answer is late is closed: what a pooler in transaction mode would not pass on cannot be relied on.
 * `oneStatementEach` promises that a connection is given back after each statement: then it may be 250 ms later, and
 * `onError` hears of it too.
 */
export function openPool(
  url: string,
  onError: (error: Error) => void,
  {
    max = 10,
    patience,
    oneStatementEach = false,
  }: { max?: number; patience?: Patience; oneStatementEach?: boolean } = {},
): Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: patience?.connection ?? UNHURRIED,
    keepAlive: true,
    ...(patience && !oneStatementEach && { query_timeout: patience.statement }),
  });
  if (patience && oneStatementEach) closeLate(pool, patience.statement, onError);
  pool.on("error", onError);
  // The pool itself listens only to idle connections, and an error without a listener would end the process: one that
  // comes in the same packet as the answer before it finds a connection that was handed on and not yet taken up.
  pool.on("connect", (client) => client.on("error", () => {}));
  pool.on("release", (error) => {
    if (error && isLate(error)) void dropSilent(pool);
  });
  return pool;
}

const LOOK_EVERY_MS = 250;

// In place of pg's timer for each statement, for statements asked for thousands of times a second: with it V8 keeps every
// answer until it next looks through the whole heap (DECISIONS 50).
function closeLate(pool: Pool, patience: number, onLate: (error: Error) => void): void {
  const takenAt = new Map<PoolClient, number>();
  let planned = false;
  function plan(): void {
    if (planned) return;
    planned = true;
    setTimeout(look, LOOK_EVERY_MS).unref();
  }
  function look(): void {
    planned = false;
    const longAgo = performance.now() - patience;
    const late = [...takenAt].filter(([, at]) => at < longAgo).map(([client]) => client);
    for (const client of late) {
      takenAt.delete(client);
      onLate(new Error(`Query read timeout: no answer for ${patience} ms`));
      // Its statement then fails for whoever waits, and the pool lets go of it.
      void client.end();
    }
    if (late.length > 0) void dropSilent(pool);
    if (takenAt.size > 0) plan();
  }
  pool.on("acquire", (client) => {
    takenAt.set(client, performance.now());
    plan();
  });
  pool.on("release", (_error, client) => takenAt.delete(client));
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
