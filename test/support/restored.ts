import { randomBytes } from "node:crypto";
import { Client } from "pg";

/** Every row of every table of a database as text, but for those a backup leaves out, by the test's own SQL. */
export async function rowsIn(url: string): Promise<Record<string, string[]>> {
  return asking(url, async (client) => {
    const { rows: tables } = await client.query(
      `select table_name as name from information_schema.tables
        where table_schema = 'public' and table_type = 'BASE TABLE' and table_name not in ('sessions', 'parked_forms', 'throttles')`,
    );
    const found: Record<string, string[]> = {};
    await client.query("set timezone = 'UTC'");
    for (const { name } of tables) {
      // When each migration ran is not content.
      const row = name === "migrations" ? "t.name" : "t::text";
      const { rows } = await client.query(`select ${row} as row from ${name} t order by 1`);
      found[name] = rows.map(({ row }) => row);
    }
    return found;
  });
}

/** Runs one question on a connection of its own, which is gone afterwards. */
export async function asking<T>(url: string, ask: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await ask(client);
  } finally {
    await client.end();
  }
}

/** A database with nothing in it, on this server or that of the tests. */
export async function emptyDatabase(
  server = process.env.TEST_POSTGRES_URL ?? "",
): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `empty_${randomBytes(6).toString("hex")}`;
  await asking(server, (client) => client.query(`create database ${name}`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () =>
      asking(server, async (client) => void (await client.query(`drop database ${name} with (force)`))),
  };
}
