import { readdirSync } from "node:fs";
import { runner } from "node-pg-migrate";
import { Client } from "pg";

const TABLE = "migrations";

/** The database was made by a newer Latchkey than this one. */
export class DatabaseIsNewer extends Error {}

/** The database server is older than Latchkey supports. */
export class ServerTooOld extends Error {}

/**
 * Brings the database to this program's schema, under a lock: of two replicas starting at once, one migrates and the
 * other waits. Throws DatabaseIsNewer or ServerTooOld, having changed nothing.
 */
export async function migrate(
  url: string,
  folder: string,
  onProgress: (line: string) => void,
): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await refuseOldServer(client);
    await refuseNewerDatabase(client, folder);
    await runner({
      dbClient: client,
      dir: folder,
      direction: "up",
      migrationsTable: TABLE,
      advisoryLockMode: "wait",
      logger: { debug: () => {}, info: onProgress, warn: onProgress, error: onProgress },
    });
  } finally {
    await client.end();
  }
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
  const { rows: tables } = await client.query("select to_regclass($1) as found", [TABLE]);
  if (tables[0]?.found === null) return;
  const { rows } = await client.query<{ name: string }>(`select name from ${TABLE} order by id`);
  const known = new Set(readdirSync(folder).map((file) => file.replace(/\.[a-z]+$/, "")));
  const unknown = rows.map((row) => row.name).filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new DatabaseIsNewer(
    `The database was made by a newer Latchkey (it has ${unknown.join(", ")}). Run that version or a later one.`,
  );
}

/** The migrations this program has and the database has not. Throws DatabaseIsNewer or ServerTooOld. */
export async function findPendingMigrations(url: string, folder: string): Promise<string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await refuseOldServer(client);
    await refuseNewerDatabase(client, folder);
    const { rows: tables } = await client.query("select to_regclass($1) as found", [TABLE]);
    const names = readdirSync(folder).map((file) => file.replace(/\.[a-z]+$/, ""));
    if (tables[0]?.found === null) return names;
    const { rows } = await client.query<{ name: string }>(`select name from ${TABLE}`);
    const done = new Set(rows.map((row) => row.name));
    return names.filter((name) => !done.has(name));
  } finally {
    await client.end();
  }
}
