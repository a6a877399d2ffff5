import { setTimeout as sleep } from "node:timers/promises";
import { takeAppLock } from "./app-lock";
import { type Claim, claimCluster } from "./claim";
import { errorText } from "./error-code";
import { lastLogLines } from "./server-log";
import type { Site } from "./types";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
const SETTLED_MS = 30_000;

/** Starts Postgres again whenever it ends, and takes the lock again whenever it is lost, until told to stop. */
export async function keepRunning(site: Site, first: Claim, signal: AbortSignal): Promise<void> {
  let claim = first;
  let pause = FIRST_PAUSE_MS;
  let since = Date.now();
  const stopping = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  while (!signal.aborted) {
    await Promise.race([claim.server.exited, claim.lock.lost, stopping]);
    if (signal.aborted) break;
    if (!claim.server.hasExited() && (await retakeLock(site, claim, signal))) continue;
    if (signal.aborted) break;
    // One that keeps falling over gets ever longer pauses; one that ran well for a while starts afresh.
    pause = Date.now() - since > SETTLED_MS ? FIRST_PAUSE_MS : pause;
    site.log.error(
      { how: await claim.server.exited, log: await lastLogLines(site.data) },
      "Postgres ended by itself; starting it again",
    );
    const next = await claimAgain(site, claim.server.port, pause, signal);
    if (next === undefined) return;
    claim = next.claim;
    pause = next.pause;
    since = Date.now();
    site.log.info({ port: claim.server.port }, "Postgres runs again");
  }
  await claim.lock.release();
  await claim.server.stop();
}

// True when the lock is ours again; false when the server has ended.
async function retakeLock(site: Site, claim: Claim, signal: AbortSignal): Promise<boolean> {
  // A server that dies drops the connection first.
  await Promise.race([claim.server.exited, pauseFor(100, signal)]);
  for (let told = false; !signal.aborted && !claim.server.hasExited(); ) {
    const lock = await takeAppLock(claim.server.port, claim.password);
    if (typeof lock === "object") {
      claim.lock = lock;
      return true;
    }
    if (!told)
      site.log.warn({ answer: lock }, "The connection that holds the data folder was lost; taking it again");
    told = true;
    await Promise.race([claim.server.exited, pauseFor(100, signal)]);
  }
  return false;
}

async function claimAgain(site: Site, port: number, firstPause: number, signal: AbortSignal) {
  for (let pause = firstPause; ; ) {
    await pauseFor(pause, signal);
    if (signal.aborted) return undefined;
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    try {
      return { claim: await claimCluster(site, signal, port), pause };
    } catch (error) {
      if (signal.aborted) return undefined;
      site.log.error({ why: errorText(error) }, "Postgres could not be started again; trying once more");
    }
  }
}

async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
