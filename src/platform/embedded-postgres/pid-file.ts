import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { link, readFile, rename, rm } from "node:fs/promises";
import type { DataFolder } from "./data-folder";
import { errorCode } from "./error-code";

/** What a running (or killed) Postgres has written into its postmaster.pid. */
export type PidFile = { text: string; pid: number; singleUser: boolean; port: number };

/** Reads postmaster.pid; undefined when there is none, and pid 0 when nothing is in it. */
export async function readPidFile(data: DataFolder): Promise<PidFile | undefined> {
  try {
    const text = await readFile(data.pidFile, "utf8");
    const lines = text.split("\n");
    const pid = Number.parseInt(lines[0] ?? "", 10) || 0;
    // A single-user Postgres writes its number with a minus.
    return { text, pid: Math.abs(pid), singleUser: pid < 0, port: Number.parseInt(lines[3] ?? "", 10) || 0 };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Says whether the process with the recorded number is gone, is that Postgres, or is somebody else's. */
export function processOf(file: PidFile): "gone" | "postgres" | "other" {
  // On Windows Postgres finds out by itself whether the number belongs to a Postgres.
  if (process.platform === "win32" || !isAlive(file.pid)) return "gone";
  const command = commandLine(file.pid);
  // Another cluster's Postgres may have got the number: ours was started with this very port.
  const mark = file.singleUser ? " --single " : ` port=${file.port} `;
  return /(^|\/)postgres /.test(command) && command.includes(mark) ? "postgres" : "other";
}

/** Removes a postmaster.pid that belongs to nobody, unless it has changed since it was read. */
export async function removePidFile(data: DataFolder, seen: PidFile): Promise<void> {
  const aside = `${data.pidFile}.${randomBytes(6).toString("hex")}`;
  try {
    await rename(data.pidFile, aside);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  // Another start may have removed the old one already and put its own there.
  if ((await readFile(aside, "utf8")) !== seen.text) await link(aside, data.pidFile).catch(() => undefined);
  await rm(aside);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== "ESRCH";
  }
}

function commandLine(pid: number): string {
  if (existsSync("/proc/self/cmdline")) {
    try {
      // Empty for a zombie, which is as good as gone but still answers to kill.
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    } catch {
      return "";
    }
  }
  const shown = spawnSync("ps", ["-ww", "-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  return `${(shown.stdout ?? "").trim()} `;
}
