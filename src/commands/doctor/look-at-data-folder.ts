import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { appSecretFile } from "../../platform/app-secret";
import type { Finding } from "../command";
import { about } from "./finding";

const MB = 1024 * 1024;
/** Postgres writes changes in files of 16 MB before it saves them, and stops when there is no room for the next. */
const TOO_LITTLE = 200 * MB;
const LITTLE = 1024 * MB;

const { ok, problem } = about("Data folder");

/** Whose the data folder is, and how much room is left on its disk; `shut` where nothing in it can be looked at. */
export function lookAtDataFolder(folder: string): { findings: Finding[]; shut: boolean } {
  const shut = whyShut(folder);
  if (shut) return { findings: [shut], shut: true };
  return { findings: [ok(folder), ...aboutReaders(folder), aboutRoom(folder)], shut: false };
}

function missing(folder: string): Finding {
  return problem(
    `${folder} is not there: set DATA_DIR to the folder that the program uses (it is read from where a command is run), ` +
      "or start the program, which makes it",
  );
}

function whyShut(folder: string): Finding | undefined {
  if (!existsSync(folder)) return missing(folder);
  const stats = statSync(folder);
  const owner = stats.uid;
  if (!stats.isDirectory()) return problem(`${folder} is not a folder: point DATA_DIR at one`);
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch {
    const { uid, username } = userInfo();
    const mend =
      owner === uid
        ? `chmod 700 ${folder}`
        : `chown -R ${username} ${folder}, or run this as the user that the program runs as`;
    return problem(
      `${folder} belongs to user id ${owner} and cannot be used by ${username} (user id ${uid}): ${mend}`,
    );
  }
}

// Whoever can read it can open everything that is sealed, and sign cookies.
function aboutReaders(folder: string): Finding[] {
  const file = appSecretFile(folder);
  if (!existsSync(file) || (statSync(file).mode & 0o077) === 0) return [];
  return [about("Secret").problem(`${file} is open to others than its owner: chmod 600 ${file}`)];
}

function aboutRoom(folder: string): Finding {
  const disk = about("Disk");
  const { bavail, bsize } = statfsSync(folder);
  const room = bavail * bsize;
  const says = `${Math.floor(room / MB)} MB are free where ${folder} is`;
  if (room < TOO_LITTLE)
    return disk.problem(`only ${says}: make room, or Postgres stops as soon as there is none`);
  if (room < LITTLE) return disk.note(`${says}: make room before it gets scarce`);
  return disk.ok(says);
}
