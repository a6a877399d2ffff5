import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** A program of somebody else, running. */
export type Running = { process: ChildProcess; printed(): string; stop(): Promise<void> };

/** True where the program is on this machine. */
export function isInstalled(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

/** `describe`, or a skipped one whose name says which programs are missing. */
export function describeWith(programs: string[], name: string, tests: () => void): void {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length === 0) {
    describe(name, tests);
    return;
  }
  const reason = `skipped: there is no ${missing.join(" and no ")} on this machine`;
  console.warn(`${name} (${reason})`);
  describe.skip(`${name} (${reason})`, tests);
}

/** Starts a program and waits until it listens on this port of 127.0.0.1; throws with what it printed where it ends first. */
export async function start(
  command: string,
  args: string[],
  port: number,
  options: { env?: Record<string, string>; uid?: number; gid?: number } = {},
): Promise<Running> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  let printed = "";
  child.stdout.on("data", (chunk) => (printed += chunk));
  child.stderr.on("data", (chunk) => (printed += chunk));
  const ended = once(child, "close");
  for (const until = Date.now() + 20_000; !(await listens(port)); await pause(20)) {
    if (child.exitCode !== null || Date.now() > until) {
      child.kill("SIGKILL");
      throw new Error(`${command} does not listen on ${port}. It printed:\n${printed}`);
    }
  }
  return {
    process: child,
    printed: () => printed,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const connected = await Promise.race([
    once(socket, "connect").then(() => true),
    once(socket, "error").then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return connected;
}
