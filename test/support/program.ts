import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";

const ROOT = path.join(__dirname, "..", "..");

/** The built program as a process of its own. */
export type Program = {
  origin: string;
  process: ChildProcess;
  /** Everything it has printed so far. */
  printed(): string;
  /** The set-up addresses it has printed. */
  setUpAddresses(): string[];
  /** Sends a signal and waits for its end; resolves to the exit code, null when the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
};

/**
 * Starts the built program with nothing in its environment but what is given, and waits until it serves, or has printed
 * another text, or ends; another build than this one lies at `root`.
 */
export async function runProgram(
  env: Record<string, string>,
  root = ROOT,
  awaited = "Latchkey is ready",
): Promise<Program> {
  const port = Number(env.PORT ?? (await freePort()));
  const child = spawn(process.execPath, [path.join(root, "dist", "main.js")], {
    cwd: root,
    env: { PATH: process.env.PATH ?? "", PORT: String(port), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  child.stdout.on("data", (chunk) => (printed += chunk));
  child.stderr.on("data", (chunk) => (printed += chunk));
  const ended = once(child, "close");
  const program: Program = {
    origin: `http://127.0.0.1:${port}`,
    process: child,
    printed: () => printed,
    setUpAddresses: () => printed.match(/http:\/\/\S+\/setup\?token=[\w-]+/g) ?? [],
    async end(signal) {
      child.kill(signal);
      const [code] = await ended;
      return code;
    },
  };
  for (const until = Date.now() + 30_000; Date.now() < until; ) {
    if (child.exitCode !== null) {
      await ended;
      return program;
    }
    if (printed.includes(awaited)) return program;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  child.kill("SIGKILL");
  throw new Error(`The program was not ready in 30 s. It printed:\n${printed}`);
}

// Below what systems hand out by themselves (32768 and up on Linux, 49152 and up elsewhere): so no connection of another
// test takes the port between its being found free and its being listened at.
const PORTS = { from: 10_000, to: 32_767 };

/** A port of 127.0.0.1 that nobody listens at, drawn at random. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to + 1);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  const listening = once(server, "listening").then(
    () => true,
    () => false,
  );
  if (!(await listening)) return false;
  server.close();
  await once(server, "close");
  return true;
}
