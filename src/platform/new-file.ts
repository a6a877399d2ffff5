import { randomBytes } from "node:crypto";
import { access, constants, link, open, rename, rm } from "node:fs/promises";
import path from "node:path";

/** A new file of this name cannot be: there is one already, or its folder is not there or takes none. */
export class NewFileRefused extends Error {}

const NO_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/**
 * Writes a file for its owner's eyes only (mode 0600), whole or not at all: what `fill` writes goes into a draft beside
 * it, which gets its name once it is on the disk. Never overwrites: throws NewFileRefused.
 */
export async function writeNewFile<T>(
  file: string,
  fill: (write: (bytes: Buffer) => Promise<unknown>) => Promise<T>,
): Promise<T> {
  await refuseUnfit(file);
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
    await refuseUnfit(file);
    await rename(draft, file);
  }
  const folder = await open(path.dirname(file), "r");
  await folder.sync().finally(() => folder.close());
}

/** Throws NewFileRefused when there is a file of this name, or its folder is not there or takes no files. */
export async function refuseUnfit(file: string): Promise<void> {
  if (file === "" || file.endsWith("/")) throw new NewFileRefused("Name a file to write, not a folder.");
  if ((await whyNot(file, constants.F_OK)) === undefined) throw exists(file);
  const folder = path.dirname(file);
  const code = await whyNot(`${folder}/.`, constants.W_OK | constants.X_OK);
  if (code === undefined) return;
  if (code === "ENOENT" || code === "ENOTDIR")
    throw new NewFileRefused(`There is no folder ${folder}. Make it, or name a file in another.`);
  throw new NewFileRefused(
    `This user may not write into the folder ${folder} (${code}). Let it, or name a file in another.`,
  );
}

function whyNot(path: string, mode: number): Promise<string | undefined> {
  return access(path, mode).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code,
  );
}

function exists(file: string): NewFileRefused {
  return new NewFileRefused(`${file} is there already, and nothing is overwritten. Choose another name.`);
}
