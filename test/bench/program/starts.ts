import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { keyChecks, profiles } from "./asks";
import { openInstallation } from "./installation";
import { load } from "./load";
import { ALL_CORES, pinned, productCommand } from "./serve";

const ROOT = path.join(__dirname, "..", "..");
const REQUESTS = 1_000_000;
const PORT = "3889";

/** Seconds from the start of the program to its first answer, with the database it brings along. */
export type Starts = { firstStartSeconds: number; laterStartSeconds: number };

/** The first start makes the database; the later one finds it. */
export async function starts(): Promise<Starts> {
  const folder = await mkdtemp(path.join(tmpdir(), "latchkey-bench-"));
  try {
    const firstStartSeconds = await startOnce(folder);
    const later = [await startOnce(folder), await startOnce(folder), await startOnce(folder)].sort();
    return { firstStartSeconds, laterStartSeconds: later[1] ?? Number.NaN };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function startOnce(folder: string): Promise<number> {
  const env = { ...process.env, NODE_ENV: "production", PORT, DATA_DIR: folder, HOST: "127.0.0.1" };
  const began = performance.now();
  const [program = "", ...args] = pinned(ALL_CORES, productCommand());
  const child = spawn(program, args, { cwd: ROOT, env, stdio: "ignore" });
  try {
    while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 10));
    return (performance.now() - began) / 1000;
  } finally {
    await ended(child);
  }
}

async function isReady(): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${PORT}/readyz`).catch(() => undefined);
  await answer?.text();
  return answer?.status === 200;
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}

/** Resident memory of the program in megabytes, along a million requests: half of them key checks, half profile pages. */
export type Memory = { atStart: number; atQuarters: string; requests: number };

export async function memory(): Promise<Memory> {
  const installation = await openInstallation({ people: 1_000, trailEntries: 0 }, 200);
  try {
    const server = await installation.serve(ALL_CORES);
    const atStart = await residentMegabytes(server.pid);
    const checks = keyChecks(installation.askers);
    const pages = profiles(installation.askers);
    const atQuarters: number[] = [];
    let requests = 0;
    for (let quarter = 1; quarter <= 4; quarter++) {
      const enough = (REQUESTS * quarter) / 4;
      while (requests < enough - REQUESTS / 8) requests += (await load(server.port, checks, 32, 1)).answers;
      while (requests < enough) requests += (await load(server.port, pages, 32, 1)).answers;
      atQuarters.push(await residentMegabytes(server.pid));
    }
    return { atStart, atQuarters: atQuarters.join(" "), requests };
  } finally {
    await installation.stop();
  }
}

async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024);
}
