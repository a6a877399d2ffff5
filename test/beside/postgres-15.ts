import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../support/program";
import { asking } from "../support/restored";
import { until } from "../support/until";
import { start } from "./process";

// Debian keeps the server's programs off the PATH.
const FOLDERS = ["/usr/lib/postgresql/15/bin", ...(process.env.PATH ?? "").split(":")];
const NOBODY = 65534;
const PASSWORD = "only-for-tests";

/** Where the programs of a Postgres 15 lie, the oldest that Latchkey promises to run on; undefined where there is none. */
export function findPostgres15(): string | undefined {
  return FOLDERS.find((folder) => {
    if (!existsSync(path.join(folder, "postgres")) || !existsSync(path.join(folder, "initdb"))) return false;
    return / 15\./.test(String(spawnSync(path.join(folder, "postgres"), ["--version"]).stdout));
  });
}

/** Starts one on a new cluster; `url` is its superuser's, whose database is empty. */
export async function openPostgres15(programs: string): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(path.join(tmpdir(), "latchkey-postgres-15-"));
  const password = path.join(folder, "password");
  writeFileSync(password, PASSWORD);
  // It refuses to run as root.
  const account = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if (account.uid) for (const file of [folder, password]) chownSync(file, NOBODY, NOBODY);
  const data = path.join(folder, "data");
  const cluster = ["-D", data, "-U", "postgres", "-A", "scram-sha-256", `--pwfile=${password}`];
  const made = spawnSync(path.join(programs, "initdb"), [...cluster, "-E", "UTF8", "--no-locale"], account);
  if (made.status !== 0) throw new Error(`initdb failed:\n${made.stderr}`);
  const port = await freePort();
  const settings = { listen_addresses: "127.0.0.1", unix_socket_directories: "", fsync: "off" };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const running = await start(
    path.join(programs, "postgres"),
    ["-D", data, "-p", String(port), ...args],
    port,
    account,
  );
  const url = `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`;
  // It listens a moment before it is ready.
  const answers = () =>
    asking(url, (client) => client.query("select 1")).then(
      () => true,
      () => false,
    );
  await until("Postgres 15 answers", answers);
  return {
    url,
    async stop() {
      await running.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
