import { DatabaseError, Pool, type PoolClient, type QueryResult, type QueryResultRow } from "pg";

/** Anything a statement can be sent through: the pool, or one connection inside a transaction. */
export type Queryable = {
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<QueryResult<Row>>;
};

/** Opens a pool of connections to Postgres, ten unless told; `onError` hears of idle connections that broke. */
export function openPool(url: string, onError: (error: Error) => void, max = 10): Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: 5_000,
  });
  pool.on("error", onError);
  return pool;
}

// The prepared statement is not there, or another is, under this name: a pooler hands each transaction another
// connection. The last one: its result changed when another release migrated.
const NOT_AS_PREPARED = new Set(["26000", "42P05", "0A000"]);
const withoutPreparing = new WeakSet<Pool>();

/**
 * Sends a statement that Postgres plans once per connection, under `name`; where something between allows no such
 * statements, it is planned anew each time from then on.
 */
export async function queryPrepared<Row extends QueryResultRow>(
  pool: Pool,
  statement: { name: string; text: string },
  values: unknown[],
): Promise<QueryResult<Row>> {
  if (!withoutPreparing.has(pool)) {
    try {
      return await pool.query<Row>({ ...statement, values });
    } catch (error) {
      if (!(error instanceof DatabaseError) || !NOT_AS_PREPARED.has(error.code ?? "")) throw error;
      withoutPreparing.add(pool);
    }
  }
  return pool.query<Row>(statement.text, values);
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
  // The pool listens only to idle connections: an error without a listener would end the process.
  const onError = (error: Error) => {
    broken = error;
  };
  client.on("error", onError);
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.removeListener("error", onError);
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
