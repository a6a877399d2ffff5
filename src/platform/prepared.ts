import { DatabaseError, type Pool, type QueryResult, type QueryResultRow } from "pg";

// Its result changed when another release migrated; or it is not there, or another is, under this name: where something
// in between hands out connections and was not noticed.
const NOT_AS_PREPARED = new Set(["0A000", "26000", "42P05"]);
/** Whether statements may be prepared, by pool. */
const mayPrepare = new WeakMap<Pool, Promise<boolean>>();

/**
 * The list that a prepared statement is given as its `place`th value, in SQL. Out of the planner's sight: it holds a plan made
 * for two items cheaper than the general one, for ten, and would plan the statement anew each time, which takes longer
 * than running it.
 */
export function listed(place: number, type: string): string {
  return `(select $${place}::${type}[])::${type}[]`;
}

/**
 * Sends a statement that Postgres plans once per connection, under `name`. Through a pooler, and once it was not
 * found as it was prepared, it is planned anew each time.
 */
export async function queryPrepared<Row extends QueryResultRow>(
  pool: Pool,
  statement: { name: string; text: string },
  values: unknown[],
): Promise<QueryResult<Row>> {
  let asked = mayPrepare.get(pool);
  if (!asked) {
    asked = isDirect(pool);
    mayPrepare.set(pool, asked);
    // Where the database could not be asked, the next statement asks again.
    asked.catch(() => mayPrepare.delete(pool));
  }
  if (await asked) {
    try {
      return await pool.query<Row>({ values, ...statement });
    } catch (error) {
      if (!(error instanceof DatabaseError) || !NOT_AS_PREPARED.has(error.code ?? "")) throw error;
      mayPrepare.set(pool, Promise.resolve(false));
    }
  }
  return pool.query<Row>(statement.text, values);
}

/**
 * Whether the pool's connections lead to Postgres itself. A pooler makes up the process number that a connection is
 * told when it opens, and hands each transaction to another process: where another release, or another program, has
 * prepared something else under the same name, that would be run.
 */
async function isDirect(pool: Pool): Promise<boolean> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    client.release();
    return rows[0]?.pid === (client as unknown as { processID: number | null }).processID;
  } catch (error) {
    // What is asked next would be answered behind what did not come.
    client.release(error as Error);
    throw error;
  }
}
