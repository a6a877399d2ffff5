import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import path from "node:path";

/** The secret of an installation is gone, and a new one would open nothing. */
export class AppSecretLost extends Error {}

/**
 * The secret of an installation that brings its own Postgres: 32 random bytes in the file `app-secret` of the data
 * folder. Made at the first start only (`mayMake`), whole or not at all, and never overwritten. Throws AppSecretLost.
 */
export function readAppSecret(dataDir: string, mayMake: boolean): string {
  const found = findAppSecret(dataDir);
  if (found !== undefined) return found;
  if (!mayMake) {
    throw new AppSecretLost(
      `The file ${appSecretFile(dataDir)} is missing, and without that secret nobody's second factor can be checked. ` +
        "Restore it from a backup, or set APP_SECRET to the value it had.",
    );
  }
  return keepAppSecret(dataDir, randomBytes(32).toString("base64url"));
}

/** Where the secret of a data folder is. */
export function appSecretFile(dataDir: string): string {
  return path.join(dataDir, "app-secret");
}

/** The secret in the data folder, if there is one. */
export function findAppSecret(dataDir: string): string | undefined {
  try {
    return readFileSync(appSecretFile(dataDir), "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return undefined;
  }
}

/** Puts a secret into the data folder unless there is one, whole or not at all; returns the one that is there then. */
export function keepAppSecret(dataDir: string, secret: string): string {
  const file = appSecretFile(dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(4).toString("hex")}`;
  const handle = openSync(draft, "wx", 0o600);
  writeSync(handle, `${secret}\n`);
  fsyncSync(handle);
  closeSync(handle);
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    unlinkSync(draft);
  }
  return readFileSync(file, "utf8").trim();
}
