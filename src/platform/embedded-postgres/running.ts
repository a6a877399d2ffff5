import { existsSync } from "node:fs";
import path from "node:path";
import { isAppLockHeld } from "./app-lock";
import { connect } from "./connect";
import { namesIn } from "./data-folder";
import { readPassword } from "./password";
import { readPidFile } from "./pid-file";

/** The address of the app's database on a server of ours. */
export function urlOf(port: number, password: string): string {
  return `postgres://latchkey:${password}@127.0.0.1:${port}/latchkey`;
}

/** The address of the Postgres that a running Latchkey holds on this data folder; undefined when none does. */
export async function findRunningPostgres(folder: string): Promise<string | undefined> {
  const data = namesIn(folder);
  const file = await readPidFile(data);
  const password = await readPassword(data.password);
  if (!file || file.port === 0 || file.singleUser || password === undefined) return undefined;
  const client = await connect(file.port, password);
  if (typeof client === "string") return undefined;
  try {
    return (await isAppLockHeld(client)) ? urlOf(file.port, password) : undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** True when a database has been made in this data folder. */
export function hasCluster(folder: string): boolean {
  return existsSync(path.join(namesIn(folder).cluster, "PG_VERSION"));
}
