import { chmod, cp, lstat, mkdir, mkdtemp, open, readdir, rename, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

/** Copies the programs, once per version, to where an unprivileged user can reach them; only root calls this. */
export async function reachableCopy(
  native: string,
  version: string,
  cannotRun: (native: string) => string | undefined,
): Promise<string | undefined> {
  const name = `postgres-${version}`;
  const places = [path.join("/var/lib/latchkey", name), path.join(os.tmpdir(), `latchkey-${name}`)];
  for (const place of places) {
    const made = await copyOnce(native, place).catch(() => false);
    if (made && cannotRun(place) === undefined) return place;
  }
  return undefined;
}

async function copyOnce(native: string, place: string): Promise<boolean> {
  const parent = path.dirname(place);
  await mkdir(parent, { recursive: true, mode: 0o755 });
  if (!(await keepsOthersOut(parent))) return false;
  if (await isRootsAlone(place)) return true;
  const fresh = await mkdtemp(path.join(parent, ".latchkey-postgres-"));
  try {
    await cp(native, fresh, { recursive: true, verbatimSymlinks: true, filter: isNeeded });
    await letAllRead(fresh);
    await rename(fresh, place);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    // Another start may have put its own copy there first.
    if (!(await isRootsAlone(place))) throw error;
  }
  return true;
}

// Anyone may leave a folder of this name in /tmp; what is run from it must have been put there by root.
async function isRootsAlone(place: string): Promise<boolean> {
  const found = await lstat(place).catch(() => undefined);
  if (found === undefined) return false;
  return found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0;
}

// In a folder that is neither root's alone nor sticky, others could swap the copy after it was checked.
async function keepsOthersOut(folder: string): Promise<boolean> {
  const found = await lstat(folder);
  return found.uid === 0 && ((found.mode & 0o022) === 0 || (found.mode & 0o1000) !== 0);
}

// node_modules may have been written under a tight umask; the copy is for another user.
async function letAllRead(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) continue;
    const handle = await open(file, "r");
    try {
      const { mode } = await handle.stat();
      await handle.chmod((mode & 0o100) !== 0 ? 0o755 : 0o644);
      // A power cut must not leave empty files behind under the final name, where they would be trusted.
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

function isNeeded(file: string): boolean {
  return !file.endsWith(".a") && path.basename(file) !== "pkgconfig";
}
