import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { openBlocks, sealBlocks } from "./blocks";
import { HEADER_BYTES, isEncrypted, makeHeader, openHeader } from "./header";
import { type Part, readParts, writeParts } from "./parts";
import { BackupUnreadable, damaged } from "./unreadable";

export type { Part } from "./parts";
export {
  type Content,
  contentOf,
  hashOfAll,
  type Reader,
  readTables,
  type Table,
  writeTables,
} from "./tables";
export { BackupUnreadable } from "./unreadable";

/** Writes parts as the bytes of a backup, compressed, and encrypted if there is a passphrase; holds little at a time. */
export async function writeBackup(
  parts: AsyncIterable<Part>,
  passphrase: string | undefined,
  write: (bytes: Buffer) => Promise<unknown>,
): Promise<void> {
  const opening = await makeHeader(passphrase);
  await pipeline(
    Readable.from(writeParts(parts), { objectMode: false }),
    createGzip(),
    (compressed: AsyncIterable<Buffer>) => sealBlocks(opening, compressed),
    async (blocks: AsyncIterable<Buffer>) => {
      for await (const block of blocks) await write(block);
    },
  );
}

/**
 * Reads a backup and hands its parts to `take`. Every block is authenticated before anything in it is handed on, but
 * that nothing is missing at the end is known only once this resolves. Throws BackupUnreadable.
 */
export async function readBackup<T>(
  file: string,
  passphrase: string | undefined,
  take: (parts: AsyncIterable<Part>) => Promise<T>,
): Promise<T> {
  const opening = await openHeader(await readHeader(file), passphrase);
  try {
    return await pipeline(
      createReadStream(file, { start: HEADER_BYTES, highWaterMark: 256 * 1024 }),
      (sealed: AsyncIterable<Buffer>) => openBlocks(opening, sealed),
      createGunzip({ chunkSize: 64 * 1024 }),
      (bytes: AsyncIterable<Buffer>) => take(readParts(bytes)),
    );
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    throw code.startsWith("Z_") ? damaged("it cannot be decompressed") : error;
  }
}

/** Whether a backup needs a passphrase. Throws BackupUnreadable. */
export async function needsPassphrase(file: string): Promise<boolean> {
  return isEncrypted(await readHeader(file));
}

// It is read twice, so it must be a file that stays.
async function readHeader(file: string): Promise<Buffer> {
  // Opening a pipe would wait for somebody to write into it.
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") throw new BackupUnreadable(`There is no file ${file}.`);
    throw error;
  });
  if (!found.isFile()) {
    throw new BackupUnreadable(`${file} is not a file. A backup is read twice, so save it to a file first.`);
  }
  const handle = await open(file, "r");
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await handle.read(header, 0, HEADER_BYTES, 0);
    return header.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
