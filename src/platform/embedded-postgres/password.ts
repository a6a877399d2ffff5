import { randomBytes } from "node:crypto";
import { link, open, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { errorCode } from "./error-code";

/** Reads a password file, or says that there is none. */
export async function readPassword(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, "utf8")).trim() || undefined;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Reads a password file, making one with a new password first if there is none; all who race get the same one. */
export async function ensurePassword(file: string): Promise<string> {
  const known = await readPassword(file);
  if (known !== undefined) return known;
  const password = randomBytes(32).toString("base64url");
  const fresh = `${file}.${randomBytes(6).toString("hex")}`;
  const handle = await open(fresh, "wx", 0o600);
  try {
    await handle.writeFile(`${password}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await putInPlace(fresh, file);
  return (await readPassword(file)) ?? password;
}

/** Makes what was renamed or linked in a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}

// link, unlike rename, never overwrites: the first writer's password stays.
async function putInPlace(fresh: string, file: string): Promise<void> {
  try {
    await link(fresh, file);
    await rm(fresh);
  } catch (error) {
    if (errorCode(error) === "EEXIST" && (await readPassword(file)) !== undefined) await rm(fresh);
    else await rename(fresh, file); // a disk without hard links, or an empty file
  }
  await syncFolder(path.dirname(file));
}
