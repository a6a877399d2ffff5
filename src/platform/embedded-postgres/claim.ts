import { setTimeout as sleep } from "node:timers/promises";
import { ownCluster } from "./account";
import { ensureAppDatabase } from "./app-database";
import { type AppLock, takeAppLock } from "./app-lock";
import { alreadyRunning, clearTheWay, wrongPassword } from "./earlier-server";
import { freePort } from "./free-port";
import { passwordOfCluster } from "./recover-password";
import { DataFolderRefused } from "./refused";
import { lastLogLines } from "./server-log";
import { type ServerProcess, startServerProcess } from "./server-process";
import type { Site } from "./types";

const ATTEMPTS = 8;
const RECOVERY_PATIENCE_MS = 10 * 60_000;
const POLL_MS = 25;

/** A running server of ours, with the lock that makes the data folder this app's alone. */
export type Claim = { server: ServerProcess; lock: AppLock; password: string };

/** Starts the cluster's server and takes the app lock, or refuses because another app has them. */
export async function claimCluster(site: Site, signal: AbortSignal, fixedPort?: number): Promise<Claim> {
  for (let attempt = 1; ; attempt += 1) {
    await clearTheWay(site, signal);
    await ownCluster(site.data, site.account);
    const password = await passwordOfCluster(site);
    const server = await startServerProcess(site, fixedPort ?? (await freePort()));
    try {
      const lock = await lockWhenUp(site, server, password, signal);
      if (lock !== "ended") return { server, lock, password };
    } catch (error) {
      await server.stop();
      throw error;
    }
    // It lost the race for the cluster or for the port, or backends of a killed server still hold the memory.
    if (attempt === ATTEMPTS) {
      throw new Error(
        `Postgres does not start on ${site.data.root} (${await server.exited}). ` +
          `Its last log lines:\n${await lastLogLines(site.data)}`,
      );
    }
    await sleep(50 * attempt, undefined, { signal });
  }
}

async function lockWhenUp(
  site: Site,
  server: ServerProcess,
  password: string,
  signal: AbortSignal,
): Promise<AppLock | "ended"> {
  for (const began = Date.now(); Date.now() - began < RECOVERY_PATIENCE_MS; ) {
    signal.throwIfAborted();
    if (server.hasExited()) return "ended";
    const lock = await takeAppLock(server.port, password);
    if (typeof lock === "object") {
      const ready = await ensureAppDatabase(lock.client).catch(async (error: unknown) => {
        await lock.release();
        throw error;
      });
      if (ready) return lock;
      await lock.release();
    }
    // Another app takes over what it believes to be an orphan; it goes on, so this one must not.
    if (lock === "held") throw alreadyRunning(site);
    if (lock === "wrong-password" && !server.hasExited()) throw new DataFolderRefused(wrongPassword(site));
    await Promise.race([server.exited, sleep(POLL_MS, undefined, { signal })]);
  }
  throw new Error(
    `Postgres has not become ready on ${site.data.root}. Its last log lines:\n${await lastLogLines(site.data)}`,
  );
}
