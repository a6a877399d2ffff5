import { spawn } from "node:child_process";
import { type Account, spawnAs } from "./account";

/** A small process that outlives the app and then asks Postgres to shut down. */
export type Guard = { dismiss(): void };

// Its standard input is a pipe from the app: the word "done" dismisses it, and the end of the pipe without that
// word means the app died. It signals only while postmaster.pid names the process it was started for, because
// by then the number may belong to somebody else; for some time, because Postgres may not have written it yet. A
// Postgres in the middle of crash recovery can miss the first signal, so after 30 s a harder one follows.
const SCRIPT = `
read -r word
[ "$word" = done ] && exit 0
signal() { read -r pid < postmaster.pid && [ "$pid" = "$1" ] && kill "$2" "$1"; }
tries=0
while [ $tries -lt 100 ] && kill -0 "$1" && ! signal "$1" -INT; do
  tries=$((tries + 1))
  sleep 0.1
done 2>/dev/null
tries=0
while [ $tries -lt 300 ] && kill -0 "$1"; do
  tries=$((tries + 1))
  sleep 0.1
done 2>/dev/null
signal "$1" -QUIT 2>/dev/null
`;

/** Watches over one Postgres process on behalf of this app; does nothing on Windows. */
export function startGuard(pid: number, cluster: string, account: Account): Guard {
  if (process.platform === "win32") return { dismiss: () => undefined };
  const child = spawn("/bin/sh", ["-c", SCRIPT, "latchkey-guard", String(pid)], {
    ...spawnAs(account),
    cwd: cluster,
    env: { PATH: process.env.PATH ?? "/usr/bin:/bin" },
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  child.unref();
  if ("unref" in child.stdin && typeof child.stdin.unref === "function") child.stdin.unref();
  return { dismiss: () => void child.stdin.end("done\n") };
}
