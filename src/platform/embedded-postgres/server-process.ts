import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { spawnAs } from "./account";
import { holdingCluster } from "./cluster-lock";
import { errorText } from "./error-code";
import { startGuard } from "./guard";
import { programEnvironment } from "./program-environment";
import { clusterArgument } from "./run-program";
import { openServerLog } from "./server-log";
import type { Site } from "./types";

/** One Postgres process of ours. */
export type ServerProcess = {
  port: number;
  /** Resolves with a few words on how it ended. */
  exited: Promise<string>;
  hasExited(): boolean;
  /** A fast shutdown, then ever harder ones; resolves when it is gone. */
  stop(): Promise<void>;
};

/** Starts Postgres on the cluster; whether it comes up shows when one connects. */
export async function startServerProcess(site: Site, port: number): Promise<ServerProcess> {
  const log = await openServerLog(site.data);
  const { file, args } = holdingCluster(
    site.data.cluster,
    site.programs.postgres,
    serverArguments(site, port),
  );
  const child = spawn(file, args, {
    ...spawnAs(site.account),
    cwd: site.data.cluster,
    env: programEnvironment(),
    stdio: ["ignore", log.fd, log.fd],
    // Its own process group: Ctrl-C in the terminal must not reach it before the app has drained.
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  let ended: string | undefined;
  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(errorText(error)));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const guard = child.pid ? startGuard(child.pid, site.data.cluster, site.account) : undefined;
  void exited.then((how) => {
    ended = how;
    guard?.dismiss();
  });
  await log.close();
  return {
    port,
    exited,
    hasExited: () => ended !== undefined,
    async stop() {
      for (const [signal, patience] of STOPPING) {
        if (ended !== undefined) return;
        child.kill(signal);
        const giveUp = new AbortController();
        await Promise.race([exited, sleep(patience, undefined, { signal: giveUp.signal })]).finally(() =>
          giveUp.abort(),
        );
      }
    },
  };
}

// Fast, immediate, and what nobody can refuse; after each of them the cluster opens again.
const STOPPING = [
  ["SIGINT", 30_000],
  ["SIGQUIT", 10_000],
  ["SIGKILL", 5_000],
] as const;

function serverArguments(site: Site, port: number): string[] {
  const settings: Record<string, string> = {
    ...(site.durable ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
    ...site.settings,
    port: String(port),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return ["-D", clusterArgument(site, site.data.cluster), ...options];
}
