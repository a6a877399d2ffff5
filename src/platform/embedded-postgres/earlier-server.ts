import { setTimeout as sleep } from "node:timers/promises";
import { type AppLock, isAppLockHeld, takeAppLock } from "./app-lock";
import { isClusterHeld } from "./cluster-lock";
import { connect, type NoConnection } from "./connect";
import { readPassword } from "./password";
import { type PidFile, processOf, readPidFile, removePidFile } from "./pid-file";
import { DataFolderRefused } from "./refused";
import { lastLogLines } from "./server-log";
import type { Site } from "./types";

const PATIENCE_MS = 60_000;
const FULL_PATIENCE_MS = 1500;
const EMPTY_PATIENCE_MS = 1500;
// What a killed server leaves behind is gone sooner.
const HELD_PATIENCE_MS = 5_000;
const ORPHAN_PROOF_MS = 500;

/** Deals with a server that already runs on the cluster, or seems to; afterwards one may be started. */
export async function clearTheWay(site: Site, signal: AbortSignal): Promise<void> {
  const began = Date.now();
  for (;;) {
    signal.throwIfAborted();
    const file = await readPidFile(site.data);
    const answer = file ? await ask(site, file) : "nobody";
    if (answer === "nobody" || answer === "wrong-password") {
      if (isHeldUnseen(site, file)) {
        if (Date.now() - began > HELD_PATIENCE_MS) throw heldElsewhere(site);
        await sleep(50, undefined, { signal });
        continue;
      }
      if (file === undefined) return;
      // Empty: being written this moment, or cut short by a power cut. Postgres would refuse it for ever.
      if (file.pid === 0) {
        if (Date.now() - began > EMPTY_PATIENCE_MS) await removePidFile(site.data, file);
        await sleep(50, undefined, { signal });
        continue;
      }
      const who = processOf(file);
      // Postgres itself replaces the file of a process that is gone, and looks more closely than we could.
      if (who === "gone") return;
      if (who === "other") {
        site.log.warn(
          { pid: file.pid },
          "Removing a stale postmaster.pid whose number another process has now",
        );
        await removePidFile(site.data, file);
        continue;
      }
      if (answer === "wrong-password") throw new DataFolderRefused(wrongPassword(site));
    } else if (answer === "full" && Date.now() - began > FULL_PATIENCE_MS) {
      throw alreadyRunning(site);
    }
    if (Date.now() - began > PATIENCE_MS) {
      throw new Error(
        `A Postgres (process ${file?.pid}) runs on the data folder ${site.data.root} but does not answer; ` +
          `stop it and start again. Its last log lines:\n${await lastLogLines(site.data)}`,
      );
    }
    await sleep(50, undefined, { signal });
  }
}

/** The refusal for a folder that another app holds. */
export function alreadyRunning(site: Site): DataFolderRefused {
  return new DataFolderRefused(
    `Another Latchkey is already running on the data folder ${site.data.root}; ` +
      `stop it first, or point DATA_DIR elsewhere.`,
  );
}

/** The refusal for a password file that does not belong to the cluster. */
export function wrongPassword(site: Site): string {
  return (
    `The password in ${site.data.password} does not open the database beside it; put the right file back, ` +
    `or stop everything that uses the folder, delete the file, and Latchkey will set a new password.`
  );
}

function isHeldUnseen(site: Site, file: PidFile | undefined): boolean {
  return isClusterHeld(site.data.cluster) && !(file && processOf(file) === "postgres");
}

function heldElsewhere(site: Site): DataFolderRefused {
  return new DataFolderRefused(
    `A Postgres that is not among the processes here runs on the data folder ${site.data.root} ` +
      `(in another container, perhaps); stop it first, or point DATA_DIR elsewhere.`,
  );
}

// "gone" and "not-ready" are looked at again by the caller.
async function ask(site: Site, file: PidFile): Promise<NoConnection | "gone"> {
  const password = await readPassword(site.data.password);
  if (file.port === 0 || file.singleUser || password === undefined) return "nobody";
  const watching = await connect(file.port, password);
  if (typeof watching === "string") return watching;
  try {
    // Another app may have started it this instant and be about to take the lock.
    for (const began = Date.now(); Date.now() - began < ORPHAN_PROOF_MS; await sleep(50)) {
      if (await isAppLockHeld(watching)) throw alreadyRunning(site);
    }
  } catch (error) {
    if (error instanceof DataFolderRefused) throw error;
    return "not-ready";
  } finally {
    await watching.end().catch(() => undefined);
  }
  const lock = await takeAppLock(file.port, password);
  if (lock === "held") throw alreadyRunning(site);
  if (typeof lock === "string") return lock;
  try {
    await stopOrphan(site, file, lock);
  } finally {
    await lock.release();
  }
  return "gone";
}

async function stopOrphan(site: Site, file: PidFile, lock: AppLock): Promise<void> {
  // The server we talk to says for itself whether this is its cluster.
  const told = await lock.client
    .query("select pg_read_file('postmaster.pid') as text")
    .catch(() => undefined);
  if (told?.rows[0]?.text !== file.text) return;
  if (processOf(file) !== "postgres" && process.platform !== "win32") throw heldElsewhere(site);
  site.log.warn({ pid: file.pid }, "Stopping the Postgres that an earlier Latchkey left behind");
  for (const [name, patience] of STOPPING) {
    process.kill(file.pid, name);
    for (const began = Date.now(); Date.now() - began < patience; await sleep(25)) {
      if ((await readPidFile(site.data))?.text !== file.text || processOf(file) !== "postgres") return;
    }
  }
}

const STOPPING = [
  ["SIGINT", 30_000],
  ["SIGQUIT", 10_000],
] as const;
