import path from "node:path";
import { Client } from "pg";
import { startEmbeddedPostgres } from "../../src/platform/embedded-postgres";
import { migrate } from "../../src/platform/migrations";
import { newDatabaseFolder } from "./database-folder";

const quiet = { info() {}, warn: console.warn, error: console.error };

/** One real Postgres for the whole run, with a migrated database that each test file clones. */
export default async function globalSetup(): Promise<void> {
  const folder = newDatabaseFolder("test");
  const postgres = await startEmbeddedPostgres({
    folder,
    log: quiet,
    durable: false,
    extraSettings: { max_connections: "300" },
  });
  const template = new URL(postgres.url);
  template.pathname = "/template_latchkey";
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query("create database template_latchkey");
  await client.end();
  await migrate(template.href, path.join(__dirname, "..", "..", "migrations"), () => {});
  process.env.TEST_POSTGRES_URL = postgres.url;
  Object.assign(globalThis, { testPostgres: postgres, testPostgresFolder: folder });
}
