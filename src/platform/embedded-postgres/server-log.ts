import type { FileHandle } from "node:fs/promises";
import { copyFile, open, readFile, stat, truncate } from "node:fs/promises";
import type { DataFolder } from "./data-folder";

const ROTATE_AT_BYTES = 10 * 1024 * 1024;

/** Opens the server's own log for a child process to append to, keeping one older part of at most its own size. */
export async function openServerLog(data: DataFolder): Promise<FileHandle> {
  const size = (await stat(data.log).catch(() => undefined))?.size ?? 0;
  if (size > ROTATE_AT_BYTES) {
    // Copied and emptied rather than renamed: whoever still has it open keeps writing to the right file.
    await copyFile(data.log, `${data.log}.1`);
    await truncate(data.log);
  }
  return open(data.log, "a", 0o600);
}

/** The last lines of the server's log, for an error that must explain itself. */
export async function lastLogLines(data: DataFolder, count = 8): Promise<string> {
  const text = await readFile(data.log, "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-count).join("\n");
}
