import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";

export const hasCurl = spawnSync("curl", ["--version"]).status === 0;

/** For the name of a test that needs curl. */
export const skippedWithoutCurl = hasCurl ? "" : " (skipped: there is no curl on this machine)";

/** What curl prints when it asks with a name and a key, as scripts do. */
export async function curl(user: string, key: string, ...args: string[]): Promise<string> {
  const all = ["-s", "--max-time", "10", "-u", `${user}:${key}`, ...args];
  return (await promisify(execFile)("curl", all)).stdout;
}
