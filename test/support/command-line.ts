import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import type { Readable } from "node:stream";

const ROOT = path.join(__dirname, "..", "..");

export type Ended = { code: number | null; out: string; err: string };

/** The built command line as a process of its own; resolves when it has ended. */
export function latchkey(
  env: Record<string, string>,
  args: string[],
  stdin?: string | Readable,
): Promise<Ended> {
  return startLatchkey(env, args, stdin).ended;
}

/** The same with the process, for whoever wants to end it early. */
export function startLatchkey(
  env: Record<string, string>,
  args: string[],
  stdin?: string | Readable,
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [path.join(ROOT, "dist", "cli.js"), ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? "", ...env },
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  child.stdin.on("error", () => {});
  if (typeof stdin === "object") stdin.pipe(child.stdin);
  else child.stdin.end(stdin);
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code) => resolve({ code, out, err }));
  });
  return { child, ended };
}
