import { randomBytes } from "node:crypto";
import { Client, Pool } from "pg";

/**
 * A database of its own for one test file, cloned from the migrated template. Reached by way of what stands at
 * TEST_POSTGRES_BY, if that is set.
 */
export async function openTestDatabase(): Promise<{ db: Pool; url: string; close(): Promise<void> }> {
  const root = process.env.TEST_POSTGRES_URL ?? "";
  const name = `test_${randomBytes(6).toString("hex")}`;
  await asRoot(root, async (client) => {
    // Two test files cloning at once would each count as a session on the template.
    await client.query("select pg_advisory_lock(1)");
    await client.query(`create database ${name} template template_latchkey`);
  });
  const url = new URL(process.env.TEST_POSTGRES_BY ?? root);
  url.pathname = `/${name}`;
  const db = new Pool({ connectionString: url.href, max: 25 });
  db.on("error", () => {});
  return {
    db,
    url: url.href,
    async close() {
      await db.end();
      await asRoot(root, (client) => client.query(`drop database ${name} with (force)`));
    },
  };
}

async function asRoot(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
