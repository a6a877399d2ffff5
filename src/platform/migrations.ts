import { readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Client, type ClientBase } from "pg";

const TABLE = "migrations";

/** The database was made by a newer Latchkey than this one. */
export class DatabaseIsNewer extends Error {}

/** The database server is older than Latchkey supports. */
export class ServerTooOld extends Error {}

/** Others held on to a table all the while. */
export class MigrationHeldUp extends Error {}

/**
 * Brings the database to this program's schema, under a lock: of two replicas starting at once, one migrates and the
 * other waits. With `last`, it goes no further than to that migration. Where others use a table it gives way to them and
 * tries again, `tries` times. Throws DatabaseIsNewer or ServerTooOld, having changed nothing; or MigrationHeldUp, having
 * done whole migrations or none.
 */
export async function migrate(
  url: string,
  folder: string,
  onProgress: (line: string) => void,
  last?: string,
  tries = TRIES,
): Promise<void> {
  for (let tried = 1; ; tried++) {
    const client = await connect(url);
    try {
      while (await migrateNext(client, { folder, onProgress, last, patience: patienceOf(tried) }));
      return;
    } catch (error) {
      if (!isInTheWay(error)) throw error;
      if (tried === tries) throw new MigrationHeldUp(HELD_UP, { cause: error });
    } finally {
      await client.end();
    }
    await pause(PAUSE_MS);
  }
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  // Unheard it would end the program; the statement under way, or the next, fails as well.
  client.on("error", () => {});
  await client.connect();
  return client;
}

const HELD_UP =
  "The database could not be migrated: something else, such as a backup, held on to its tables all the while. " +
  "Try again when it is done.";

// A migration waits for whoever uses a table, and everybody who comes after them waits for it. So it gives up before they
// notice, and before Postgres looks for a deadlock (deadlock_timeout, 1 s) and ends a statement of theirs. Longer where a
// busy machine takes longer over each of their transactions.
const patienceOf = (tried: number) => Math.min(350 + 50 * tried, 900);
const PAUSE_MS = 300;
const TRIES = 120;

function isInTheWay(error: unknown): boolean {
  const [LOCK_NOT_AVAILABLE, DEADLOCK] = ["55P03", "40P01"];
  const { code } = error as { code?: unknown };
  return code === LOCK_NOT_AVAILABLE || code === DEADLOCK;
}

// The number that node-pg-migrate locks for a session, which a pooler in transaction mode would give to somebody else.
const LOCK = "7241865325823964";

type Todo = {
  folder: string;
  onProgress: (line: string) => void;
  last: string | undefined;
  patience: number;
};

/**
 * Does one migration in a transaction of its own: with a second table held, statements that hold the one and want the
 * other would be in its way for good. False where there was none to do.
 */
async function migrateNext(client: Client, { folder, onProgress, last, patience }: Todo): Promise<boolean> {
  await client.query(`begin; select pg_advisory_xact_lock(${LOCK}); set local lock_timeout = ${patience}`);
  await refuseOldServer(client);
  await refuseNewerDatabase(client, folder);
  const pending = (await listPending(client, folder)).filter((name) => last === undefined || name <= last);
  if (pending.length === 0) {
    await client.query("commit");
    return false;
  }
  // Only where there is something to do: it takes 8 MB.
  const { runner } = await import("node-pg-migrate");
  // The runner's own "begin" finds this one and changes nothing; its "commit" ends it, and with it the lock.
  await runner({
    dbClient: client,
    dir: folder,
    direction: "up",
    count: 1,
    migrationsTable: TABLE,
    singleTransaction: true,
    noLock: true,
    logger: { debug: () => {}, info: onProgress, warn: onProgress, error: onProgress },
  });
  return true;
}

async function refuseOldServer(client: Client): Promise<void> {
  const { rows } = await client.query<{ version: number }>(
    "select current_setting('server_version_num')::int as version",
  );
  const major = Math.floor((rows[0]?.version ?? 0) / 10_000);
  if (major < 15)
    throw new ServerTooOld(`Latchkey needs Postgres 15 or later; this server is version ${major}.`);
}

async function refuseNewerDatabase(client: Client, folder: string): Promise<void> {
  const known = new Set(listMigrations(folder));
  const unknown = (await listDoneMigrations(client)).filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new DatabaseIsNewer(
    `The database was made by a newer Latchkey (it has ${unknown.join(", ")}). Run that version or a later one.`,
  );
}

/** The migrations this program has and the database has not. Throws DatabaseIsNewer or ServerTooOld. */
export async function findPendingMigrations(url: string, folder: string): Promise<string[]> {
  const client = await connect(url);
  try {
    await refuseOldServer(client);
    await refuseNewerDatabase(client, folder);
    return await listPending(client, folder);
  } finally {
    await client.end();
  }
}

async function listPending(client: ClientBase, folder: string): Promise<string[]> {
  const done = new Set(await listDoneMigrations(client));
  return listMigrations(folder).filter((name) => !done.has(name));
}

/** The names of the migrations in a folder, in their order. */
export function listMigrations(folder: string): string[] {
  return readdirSync(folder)
    .map((file) => file.replace(/\.[a-z]+$/, ""))
    .sort();
}

/** The names of the migrations a database has had, in their order; none when it is empty. */
export async function listDoneMigrations(client: ClientBase): Promise<string[]> {
  const { rows: tables } = await client.query("select to_regclass($1) as found", [TABLE]);
  if (tables[0]?.found === null) return [];
  const { rows } = await client.query<{ name: string }>(`select name from ${TABLE} order by id`);
  return rows.map((row) => row.name);
}
