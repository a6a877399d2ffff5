import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";

const ROOT = path.join(__dirname, "..", "..");
const TASKSET = "/usr/bin/taskset";
/** Whether programs can be kept on a core. */
export const canPin = existsSync(TASKSET) && cpus().length > 1;

/** A program under measurement, or what it needs: stopped by its id. */
export type Server = { port: number; pid: number; stop(): Promise<void> };

/** What a program may run on that has no core of its own: it would otherwise have ours. */
export const ALL_CORES = `0-${cpus().length - 1}`;
/** The core of the servers. */
export const ONE_CORE = "0";
const OTHERS_CORE = "1";

/** Keeps this process, and the Postgres it starts, on another core than the servers: they do not take from each other. */
export function pinOurselves(): void {
  if (canPin) moveTo(OTHERS_CORE, [process.pid]);
}

/** Lets these processes run on these cores from now on. Throws where the machine cannot do that. */
export function moveTo(cores: string, pids: number[]): void {
  for (const pid of pids) execFileSync(TASKSET, ["-a", "-c", "-p", cores, String(pid)], { stdio: "ignore" });
}

/** One of the baselines in baseline.ts. */
export function serveBaseline(kind: string, databaseUrl: string, personId: string): Promise<Server> {
  const command = [process.execPath, path.join(__dirname, "baseline.js"), kind, databaseUrl, personId];
  return startProgram(command, { NODE_ENV: "production" }, /"port":(\d+)/).then(({ server }) => server);
}

/** The program's command as `npm start` has it. */
export function productCommand(): string[] {
  const { scripts } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
  const [, , ...args] = scripts.start.split(" ");
  return [process.execPath, ...args];
}

/** The product as it is shipped; on the servers' core unless told. */
export function serveProduct(env: Record<string, string>, core = ONE_CORE): Promise<Server> {
  return startProgram(productCommand(), env, /Latchkey is ready at/, core).then(({ server }) => server);
}

/** A program that is ready once it has printed this, with its port as the first group or in its environment. */
export async function startProgram(
  command: string[],
  env: Record<string, string>,
  ready: RegExp,
  core = ONE_CORE,
): Promise<{ server: Server; printed: string }> {
  const [program = "", ...args] = pinned(core, command);
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const found = await firstLine(child, ready);
  // What it logs from now on is read and forgotten, as a log collector would read it.
  child.stdout?.resume();
  const server: Server = {
    port: Number(found[1] ?? env.PORT),
    pid: child.pid ?? 0,
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
      }),
  };
  return { server, printed: found[0] };
}

/** A command, kept on these cores where the machine can do that. */
export function pinned(core: string, command: string[]): string[] {
  return canPin ? [TASKSET, "-c", core, ...command] : command;
}

function firstLine(child: ChildProcess, wanted: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let printed = "";
    const look = (chunk: Buffer) => {
      printed += chunk;
      const found = wanted.exec(printed);
      if (!found) return;
      child.stdout?.off("data", look);
      resolve(found);
    };
    child.stdout?.on("data", look);
    child.once("exit", () => reject(new Error(`It ended before it was ready:\n${printed}`)));
  });
}
