import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Pool } from "pg";
import { type Asker, type Size, seed } from "./seed";
import { type Server, serveProduct } from "./serve";

const APP_SECRET = "a secret for benches that nobody else may use";
const FIRST_PORT = 3890;
const METRICS_PORTS_FROM = 3990;

/** An inhabited database on a Postgres of its own, and the product on it, stopped together. */
export type Installation = {
  url: string;
  db: Pool;
  appSecret: string;
  askers: Asker[];
  /** Starts the built program on this database, as one more replica. */
  serve(core?: string): Promise<Server>;
  stop(): Promise<void>;
};

let served = 0;

/** Makes one, of this size, with so many people who ask. */
export async function openInstallation(size: Size, asking: number): Promise<Installation> {
  const { startEmbeddedPostgres } = require("../platform/embedded-postgres");
  const { migrate } = require("../platform/migrations");
  const { MIGRATIONS } = require("../commands/open-installation");
  const folder = await mkdtemp(path.join(tmpdir(), "latchkey-bench-"));
  const log = { info() {}, debug() {}, warn: console.error, error: console.error };
  const postgres = await startEmbeddedPostgres({ folder, log });
  const url: string = postgres.url;
  await migrate(url, MIGRATIONS, () => {});
  const db = new Pool({ connectionString: url, max: 1 });
  const askers = await seed(db, APP_SECRET, size, asking);
  const servers: Server[] = [];
  return {
    url,
    db,
    appSecret: APP_SECRET,
    askers,
    serve: async (core) => {
      const env = {
        NODE_ENV: "production",
        PORT: String(FIRST_PORT + served),
        METRICS_PORT: String(METRICS_PORTS_FROM + served),
        HOST: "127.0.0.1",
        DATABASE_URL: url,
        APP_SECRET,
      };
      served += 1;
      const server = await serveProduct(env, core);
      servers.push(server);
      return server;
    },
    stop: async () => {
      for (const server of servers) await server.stop();
      await db.end();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
