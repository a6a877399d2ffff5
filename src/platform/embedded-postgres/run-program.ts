import { spawn } from "node:child_process";
import { once } from "node:events";
import { spawnAs } from "./account";
import { holdingCluster } from "./cluster-lock";
import { programEnvironment } from "./program-environment";
import { openServerLog } from "./server-log";
import type { Site } from "./types";

/** How a program finds its cluster: as another user on Linux, by its working folder alone. */
export function clusterArgument(site: Site, cluster: string): string {
  // The data folder may lie below a folder that only root can enter. The working folder is set before the user
  // is, and this name for it leads there without walking through the folders above.
  return site.account !== "self" && process.platform === "linux" ? "/proc/self/cwd" : cluster;
}

/** Runs initdb or a single-user Postgres on a cluster to its end, with its messages in the server's log. */
export async function runProgram(
  site: Site,
  program: string,
  cluster: string,
  args: string[],
  input: { stdin?: number; text?: string; database?: string } = {},
): Promise<void> {
  const log = await openServerLog(site.data);
  try {
    const all = [...args, "-D", clusterArgument(site, cluster), ...(input.database ? [input.database] : [])];
    const command = holdingCluster(cluster, program, all);
    const child = spawn(command.file, command.args, {
      ...spawnAs(site.account),
      cwd: cluster,
      env: programEnvironment(),
      stdio: [input.stdin ?? (input.text === undefined ? "ignore" : "pipe"), log.fd, log.fd],
      windowsHide: true,
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input.text);
    const [code, signal] = await once(child, "exit");
    if (code !== 0) throw new Error(`${program} ended with ${signal ?? code}`);
  } finally {
    await log.close();
  }
}
