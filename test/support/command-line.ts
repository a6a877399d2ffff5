import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { Readable } from "node:stream";
import type { Terminal } from "../../src/commands/command";
import { runCommand } from "../../src/commands/run-command";

const ROOT = path.join(__dirname, "..", "..");

/** The command that adds Ada as an administrator. */
export const CREATE_ADA = "admin create --email ada@example.com --first-name Ada --last-name Lovelace".split(
  " ",
);

/** How a command ended, and what it said. */
export type Ended = { code: number | null; out: string; err: string };

/** The built command line as a process of its own, with nothing in its environment but what is given. */
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
  const child = spawnLatchkey(env, args);
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

/** The same, to be watched or killed while it runs. */
export function spawnLatchkey(env: Record<string, string>, args: string[]) {
  return spawn(process.execPath, [path.join(ROOT, "dist", "cli.js"), ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? "", ...env },
  });
}

/** The same without a process of its own, and with nothing on standard input unless it is given. */
export async function runHere(env: Record<string, string>, args: string[], stdin?: string): Promise<Ended> {
  const said = { out: "", err: "" };
  const into = (name: "out" | "err") => ({ write: (text: string) => (said[name] += text) });
  const terminal = {
    stdin: Readable.from(stdin === undefined ? [] : [stdin]),
    stdout: into("out"),
    stderr: into("err"),
  };
  const code = await runCommand(args, env, terminal as unknown as Terminal);
  return { code: code ?? null, ...said };
}
