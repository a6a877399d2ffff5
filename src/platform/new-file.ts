import { randomBytes } from "node:crypto";
import { access, link, open, rename, rm } from "node:fs/promises";
import path from "node:path";

/** There is a file of this name already. */
export class FileExists extends Error {}

const NO_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/**
 * Writes a file for its owner's eyes only (mode 0600), whole or not at all: what `fill` writes goes into a draft beside
 * it, which gets its name once it is on the disk. Never overwrites: throws FileExists.
 */
export async function writeNewFile<T>(
  file: string,
  fill: (write: (bytes: Buffer) => Promise<unknown>) => Promise<T>,
): Promise<T> {
  await refuseExisting(file);
  const draft = `${file}.${randomBytes(4).toString("hex")}.draft`;
  try {
    const handle = await open(draft, "wx", 0o600);
    let result: T;
    try {
      result = await fill((bytes) => handle.writeFile(bytes));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await name(draft, file);
    return result;
  } finally {
    await rm(draft, { force: true });
  }
}

async function name(draft: string, file: string): Promise<void> {
  try {
    // Unlike a renamed one, a link replaces nothing.
    await link(draft, file);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw exists(file);
    if (!NO_LINKS.has(code)) throw error;
    // A disk without links, such as a memory stick.
    await refuseExisting(file);
    await rename(draft, file);
  }
  const folder = await open(path.dirname(file), "r");
  await folder.sync().finally(() => folder.close());
}

/** Throws FileExists when there is a file of this name. */
export async function refuseExisting(file: string): Promise<void> {
  const there = await access(file).then(
    () => true,
    () => false,
  );
  if (there) throw exists(file);
}

function exists(file: string): FileExists {
  return new FileExists(`${file} is there already, and nothing is overwritten. Choose another name.`);
}
