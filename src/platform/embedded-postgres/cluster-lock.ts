import { spawnSync } from "node:child_process";

const HELD = 75;
// The lock passes to the program itself by exec, and from it to all it starts: it is free once none of them is left.
const TAKE = ["--nonblock", "--no-fork", "--conflict-exit-code", String(HELD), "."];

/** A program and its arguments as they are to be spawned, with the cluster as working folder. */
export type Command = { file: string; args: string[] };

/**
 * The command that runs a program which holds the cluster while it lives; it ends with a code of its own where another
 * one does. Process numbers and ports are each container's own, a lock of the kernel on the folder is not. Where there is
 * no `flock`, or none on this disk, the command is the program alone.
 */
export function holdingCluster(cluster: string, file: string, args: string[]): Command {
  return lockOf(cluster) === "none" ? { file, args } : { file: "flock", args: [...TAKE, file, ...args] };
}

/** Says whether a server runs on the cluster, wherever it runs; false where nothing can tell. */
export function isClusterHeld(cluster: string): boolean {
  return lockOf(cluster) === "held";
}

function lockOf(cluster: string): "free" | "held" | "none" {
  if (process.platform !== "linux") return "none";
  const { status } = spawnSync("flock", [...TAKE, "true"], { cwd: cluster, stdio: "ignore" });
  if (status === 0) return "free";
  return status === HELD ? "held" : "none";
}
