import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
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
 * Starts the built program with nothing in its environment but what is given, and waits until it serves or ends; another
 * build than this one lies at `root`.
 */
export async function runProgram(env: Record<string, string>, root = ROOT): Promise<Program> {
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
    if (printed.includes("Latchkey is ready")) return program;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  child.kill("SIGKILL");
  throw new Error(`The program was not ready in 30 s. It printed:\n${printed}`);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
