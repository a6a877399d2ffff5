import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = path.join(__dirname, "..", "..");
const READY_MS = 40_000;
const STOP_MS = 20_000;

/** The program as people run it: built, a process of its own, with the Postgres it brings. */
export type Program = {
  origin: string;
  /** The address its log told the operator to open. */
  setUpAddress: string;
  /** Everything it has printed so far. */
  log(): string;
  /** Asks it to stop, waits until it has, and removes its data; throws when it did not stop as it should. */
  stop(): Promise<void>;
};

/** Starts the built program on a fresh data folder and waits for the set-up address in its log. */
export async function startProgram(): Promise<Program> {
  const main = path.join(ROOT, "dist", "main.js");
  if (!existsSync(main))
    throw new Error("The program is not built: run `npm run build` first, as `npm test` does");
  const folder = await mkdtemp(path.join(tmpdir(), "latchkey-browser-"));
  const port = await freePort();
  const child = spawn(process.execPath, [main], {
    cwd: ROOT,
    env: {
      ...pick(process.env, ["PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH"]),
      PORT: String(port),
      DATA_DIR: path.join(folder, "data"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
  }

  try {
    const setUpAddress = await until(child, () => printed, /http\S+\/setup\?token=[\w-]+/);
    return {
      origin: new URL(setUpAddress).origin,
      setUpAddress,
      log: () => printed,
      stop: () => stop(child, folder, () => printed),
    };
  } catch (error) {
    await stop(child, folder, () => printed).catch(() => {});
    throw error;
  }
}

async function until(child: ChildProcess, printed: () => string, pattern: RegExp): Promise<string> {
  for (const began = Date.now(); Date.now() - began < READY_MS; await sleep(20)) {
    const found = pattern.exec(printed());
    if (found) return found[0];
    if (isOver(child)) break;
  }
  throw new Error(`The program printed no set-up address. It printed:\n${printed()}`);
}

async function stop(child: ChildProcess, folder: string, printed: () => string): Promise<void> {
  if (!isOver(child)) {
    const over = once(child, "exit");
    child.kill("SIGTERM");
    await Promise.race([over, sleep(STOP_MS, undefined, { ref: false })]);
  }
  const stopped = isOver(child);
  if (!stopped) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  if (!stopped || child.exitCode !== 0) {
    const how = stopped ? `with code ${child.exitCode} (${child.signalCode})` : "only when it was killed";
    throw new Error(`The program stopped ${how}. It printed:\n${printed().slice(-3000)}`);
  }
}

function isOver(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function pick(env: NodeJS.ProcessEnv, names: string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0);
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("No port is free");
  return address.port;
}
