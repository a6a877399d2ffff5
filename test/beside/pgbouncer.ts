import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../support/program";
import { start } from "./process";
import { recipe, withValues } from "./recipes";

const NOBODY = 65534;

/** PgBouncer with README's settings in front of a Postgres; `to` gives the same database's address by way of it. */
export type Bouncer = { to(url: string): string; stop(): Promise<void> };

/** Starts it; every database of that Postgres can be reached. */
export async function openBouncer(url: string): Promise<Bouncer> {
  const { hostname, port, username, password } = new URL(url);
  const folder = mkdtempSync(path.join(tmpdir(), "latchkey-pgbouncer-"));
  const own = await freePort();
  const users = path.join(folder, "userlist.txt");
  writeFileSync(users, `"${decodeURIComponent(username)}" "${decodeURIComponent(password)}"\n`);
  const settings = withValues(recipe("ini", "pool_mode = transaction"), {
    "latchkey = host=10.0.0.20 port=5432 dbname=latchkey": `* = host=${hostname} port=${port}`,
    "listen_addr = *": "listen_addr = 127.0.0.1",
    "listen_port = 6432": `listen_port = ${own}\nunix_socket_dir =`,
    "/etc/pgbouncer/userlist.txt": users,
  });
  const file = path.join(folder, "pgbouncer.ini");
  writeFileSync(file, settings);
  // It refuses to run as root, and its user has to read these.
  const isRoot = process.getuid?.() === 0;
  chmodSync(folder, 0o755);
  const running = await start("pgbouncer", [file], own, isRoot ? { uid: NOBODY, gid: NOBODY } : {});
  return {
    to(address) {
      const by = new URL(address);
      by.hostname = "127.0.0.1";
      by.port = String(own);
      return by.href;
    },
    async stop() {
      // By SIGTERM it goes at once, by SIGINT when nobody is connected any more.
      await running.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
