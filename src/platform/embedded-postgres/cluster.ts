import { randomBytes } from "node:crypto";
import { chown, mkdir, open, readdir, readFile, rename, rm, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import type { Account } from "./account";
import type { DataFolder } from "./data-folder";
import { errorText } from "./error-code";
import { ensurePassword, syncFolder } from "./password";
import { DataFolderRefused } from "./refused";
import { runProgram } from "./run-program";
import { lastLogLines } from "./server-log";
import type { Site } from "./types";

const MAJOR_VERSION = "18";
const UNFINISHED = "postgres.new-";

/** Makes the cluster if there is none; a kill at any instant leaves either none or a whole one. */
export async function ensureCluster(site: Site): Promise<void> {
  if (await clusterExists(site.data)) return;
  await removeLeftovers(site.data, 10 * 60_000);
  site.log.info({ folder: site.data.root }, "Making a new database");
  // Before the cluster, so that a cluster is never without its password.
  await ensurePassword(site.data.password);
  const fresh = path.join(site.data.root, UNFINISHED + randomBytes(6).toString("hex"));
  try {
    await initialise(site, fresh);
    // An empty folder of that name, which rename replaces everywhere but on Windows.
    if (process.platform === "win32") await rmdir(site.data.cluster).catch(() => undefined);
    await rename(fresh, site.data.cluster);
    await syncFolder(site.data.root);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true }).catch(() => undefined);
    // Somebody who started at the same moment was first; theirs is the one to use.
    if (await clusterExists(site.data)) return;
    throw new Error(
      `A new database could not be made in ${site.data.root}: ${errorText(error)}\n${await lastLogLines(site.data)}`,
    );
  }
}

/** Removes what killed first starts left behind; call it for all ages only while holding the app lock. */
export async function removeLeftovers(data: DataFolder, olderThanMs: number): Promise<void> {
  for (const name of await readdir(data.root)) {
    const leftover = path.join(data.root, name);
    if (!name.startsWith(UNFINISHED) && !leftover.startsWith(`${data.password}.`)) continue;
    const age = Date.now() - ((await stat(leftover).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (age < olderThanMs) continue;
    // An initdb that outlived its app may still be writing there; the next start tries again.
    await rm(leftover, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function clusterExists(data: DataFolder): Promise<boolean> {
  const names = await readdir(data.cluster).catch(() => []);
  if (names.length === 0) return false;
  const version = await readFile(path.join(data.cluster, "PG_VERSION"), "utf8").catch(() => undefined);
  if (version === undefined) {
    throw new DataFolderRefused(
      `The folder ${data.cluster} is not empty but holds no Postgres database; point DATA_DIR elsewhere.`,
    );
  }
  if (version.trim() !== MAJOR_VERSION) {
    throw new DataFolderRefused(
      `The database in ${data.cluster} was made by Postgres ${version.trim()}, ` +
        `and this Latchkey brings Postgres ${MAJOR_VERSION}; back it up by the Latchkey that made it (command backup), and restore that into a new DATA_DIR.`,
    );
  }
  return true;
}

async function initialise(site: Site, fresh: string): Promise<void> {
  await mkdir(fresh, { mode: 0o700 });
  if (site.account !== "self") await chown(fresh, site.account.uid, site.account.gid);
  const options = ["--username=latchkey", "--auth=scram-sha-256", "--encoding=UTF8"];
  // The builtin provider sorts the same on every computer, whatever locales it has.
  options.push("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8");
  if (!site.durable) options.push("--no-sync");
  if (site.account === "self") {
    await runProgram(site, site.programs.initdb, fresh, [...options, `--pwfile=${site.data.password}`]);
    return;
  }
  const stdin = await passwordFor(site.account, site.data);
  try {
    await runProgram(site, site.programs.initdb, fresh, [...options, "--pwfile=/dev/stdin"], {
      stdin: stdin.fd,
    });
  } finally {
    await stdin.close();
  }
}

// initdb, as another user, may read neither the password file nor any folder above it: it gets an open,
// already nameless copy. (A pipe would not do: the user may not open root's pipe by its /dev/stdin name.)
async function passwordFor(account: Exclude<Account, "self">, data: DataFolder) {
  const name = `${data.password}.${randomBytes(6).toString("hex")}`;
  const writing = await open(name, "wx", 0o600);
  try {
    await writing.writeFile(await readFile(data.password));
    await writing.chown(account.uid, account.gid);
    return await open(name, "r");
  } finally {
    await writing.close();
    await rm(name, { force: true });
  }
}
