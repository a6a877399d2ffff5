import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchownSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import path from "node:path";

/** The secret of an installation is gone, and a new one would open nothing. */
export class AppSecretLost extends Error {}

/** Each value of APP_SECRET has at least so many characters. */
export const SHORTEST_SECRET = 32;

// A value in double quotes, which hold a comma or a line break; or whatever stands between those.
const ITEMS = /[^\S\r\n]*"([^"]*[,\r\n][^"]*)"[^\S\r\n]*(?=[,\r\n]|$)|[^,\r\n]+/g;

/**
 * The values that APP_SECRET lists, with commas or line breaks between them: the first writes, the others still read.
 * A text without either is one value, as it stands.
 */
export function listSecrets(text: string): string[] {
  if (!/[,\r\n]/.test(text)) return [text];
  return [...text.matchAll(ITEMS)].map(([item, quoted]) => quoted ?? item.trim()).filter(Boolean);
}

/** What is wrong with a list of secrets, as it goes on after "APP_SECRET"; undefined when nothing is. */
export function problemOfSecrets(values: string[]): string | undefined {
  const many = values.length > 1;
  const short = values.findIndex((value) => value.length < SHORTEST_SECRET);
  if (short >= 0 || !many) {
    if (values[0] === undefined || short < 0) return values[0] === undefined ? "holds no value" : undefined;
    if (!many) return `is shorter than ${SHORTEST_SECRET} characters`;
    return (
      `lists ${values.length} values with commas or line breaks between them, and value ${short + 1} is shorter than ` +
      `${SHORTEST_SECRET} characters`
    );
  }
  const again = values.findIndex((value, place) => values.indexOf(value) < place);
  if (again < 0) return undefined;
  const first = values.indexOf(values[again] ?? "");
  return `lists the same value twice: values ${first + 1} and ${again + 1} are alike`;
}

/** Where the secret of an installation lies that brings its own Postgres. */
export function appSecretFile(dataDir: string): string {
  return path.join(dataDir, "app-secret");
}

/**
 * The secret of an installation that brings its own Postgres: 32 random bytes in the file `app-secret` of the data
 * folder, or a list as in APP_SECRET. Made at the first start only (`mayMake`), whole or not at all, and never
 * overwritten. Throws AppSecretLost.
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
  return keepAppSecret(dataDir, newSecret());
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
  const draft = writeDraft(file, [secret]);
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    unlinkSync(draft);
  }
  syncFolder(dataDir);
  return readFileSync(file, "utf8").trim();
}

/**
 * Puts a new secret before the one in the data folder, a line each: on disk before this returns, whole or not at all.
 * "listed" when several are there already. Of two callers at once the second must find what the first has written.
 */
export function putNewSecretFirst(dataDir: string): "done" | "listed" {
  // Where the file is a link, what it leads to is replaced.
  const file = realpathSync(appSecretFile(dataDir));
  // As it stands there: a value with a comma is one because of its quotes.
  const text = readFileSync(file, "utf8").trim();
  if (listSecrets(text).length > 1) return "listed";
  renameSync(writeDraft(file, [newSecret(), text], statSync(file)), file);
  syncFolder(path.dirname(file));
  return "done";
}

function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

function writeDraft(file: string, lines: string[], owner?: { uid: number; gid: number }): string {
  const draft = `${file}.${randomBytes(4).toString("hex")}`;
  const handle = openSync(draft, "wx", 0o600);
  // Run by root, a command must not take the file away from the user the program runs as.
  if (owner) fchownSync(handle, owner.uid, owner.gid);
  writeSync(handle, lines.map((line) => `${line}\n`).join(""));
  fsyncSync(handle);
  closeSync(handle);
  return draft;
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  fsyncSync(handle);
  closeSync(handle);
}
