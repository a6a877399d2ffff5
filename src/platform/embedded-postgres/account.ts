import { spawnSync } from "node:child_process";
import { chmod, lchown, readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DataFolder } from "./data-folder";
import { DataFolderRefused } from "./refused";
import type { Log } from "./types";

/** The system user that Postgres runs as; "self" is whoever runs Latchkey. */
export type Account = "self" | { uid: number; gid: number };

/** Chooses the user: root hands Postgres to an unprivileged one, because Postgres refuses to run as root. */
export async function chooseAccount(data: DataFolder, log: Log): Promise<Account> {
  const self = process.getuid?.();
  const owner = await stat(data.cluster).catch(() => undefined);
  if (self === undefined) return "self";
  if (self !== 0) {
    if (owner && owner.uid !== self) throw new DataFolderRefused(await foreignOwner(data, owner.uid, self));
    return "self";
  }
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return (await userNamed("latchkey")) ?? (await makeUser(log)) ?? (await userNamed("nobody")) ?? NOBODY;
}

/** Gives the cluster to its user with the permissions Postgres insists on. */
export async function ownCluster(data: DataFolder, account: Account): Promise<void> {
  const found = await stat(data.cluster);
  // A cluster that root restored from a backup; Postgres itself never leaves one that root owns.
  if (account !== "self" && found.uid === 0) await handOver(data.cluster, account);
  // Kubernetes' fsGroup opens volumes to their group at every mount.
  if ((found.mode & 0o077) !== 0 && process.platform !== "win32") await chmod(data.cluster, 0o700);
}

/** What spawn needs to start a program as this user. */
export function spawnAs(account: Account): { uid?: number; gid?: number } {
  return account === "self" ? {} : account;
}

const NOBODY = { uid: 65534, gid: 65534 };

async function makeUser(log: Log): Promise<Account | undefined> {
  const made = spawnSync(
    "useradd",
    ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin", "latchkey"],
    { encoding: "utf8" },
  );
  // Two first starts at once: the one that found /etc/passwd locked waits for the other's line.
  for (let round = 0; round < 10; round += 1) {
    const user = await userNamed("latchkey");
    if (user) return user;
    if (made.error || !/lock|exists/i.test(made.stderr)) break;
    await sleep(100);
  }
  const why = made.error?.message ?? made.stderr.trim();
  log.warn({ why }, "The system user latchkey could not be made, so Postgres runs as nobody");
  return undefined;
}

async function userNamed(name: string): Promise<{ uid: number; gid: number } | undefined> {
  const users = await passwd();
  return users.find((user) => user.name === name && user.uid !== 0);
}

async function passwd(): Promise<{ name: string; uid: number; gid: number }[]> {
  const text = await readFile("/etc/passwd", "utf8").catch(() => "");
  return text
    .split("\n")
    .map((line) => line.split(":"))
    .filter((fields) => fields.length >= 4)
    .map(([name = "", , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}

async function foreignOwner(data: DataFolder, owner: number, self: number): Promise<string> {
  const users = await passwd();
  const called = (uid: number) => users.find((user) => user.uid === uid)?.name ?? `user id ${uid}`;
  return (
    `The database in ${data.cluster} belongs to ${called(owner)}, but Latchkey runs as ${called(self)}; ` +
    `run Latchkey as it was run before (root, if root made the folder), ` +
    `or give it over with "chown -R ${self} ${data.root}".`
  );
}

async function handOver(folder: string, to: { uid: number; gid: number }): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true })) {
    await lchown(path.join(folder, entry), to.uid, to.gid);
  }
  // The folder itself last: a kill half-way leaves it root's, and the next start goes over it again.
  await lchown(folder, to.uid, to.gid);
}
