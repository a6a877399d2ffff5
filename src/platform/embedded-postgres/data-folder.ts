import { constants } from "node:fs";
import { access, mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { errorCode } from "./error-code";
import { DataFolderRefused } from "./refused";

/** The names inside the data folder. */
export type DataFolder = {
  root: string;
  cluster: string;
  password: string;
  log: string;
  pidFile: string;
};

/** Makes the data folder if it is absent and refuses one that cannot be written. */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const root = path.resolve(folder);
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
    await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new DataFolderRefused(await sentence(root, error));
  }
  return namesIn(root);
}

/** The names inside a data folder, whether it is there or not. */
export function namesIn(folder: string): DataFolder {
  const root = path.resolve(folder);
  const cluster = path.join(root, "postgres");
  return {
    root,
    cluster,
    password: path.join(root, "postgres-password"),
    log: path.join(root, "postgres.log"),
    pidFile: path.join(cluster, "postmaster.pid"),
  };
}

async function sentence(root: string, error: unknown): Promise<string> {
  const code = errorCode(error);
  const advice = "point DATA_DIR at a folder Latchkey may write to";
  if (code === "EEXIST" || code === "ENOTDIR") {
    return `The data folder ${root} is not a folder; ${advice}.`;
  }
  if (code === "EROFS") {
    return `The data folder ${root} is on a read-only disk; ${advice}.`;
  }
  const there = await stat(root).catch(() => undefined);
  const what = there ? `belongs to user id ${there.uid} and cannot be written` : "cannot be made";
  const by = process.getuid ? ` by user id ${process.getuid()}` : "";
  return `The data folder ${root} ${what}${by} (${code ?? String(error)}); give it to that user or ${advice}.`;
}
