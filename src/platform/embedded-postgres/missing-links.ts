import { existsSync } from "node:fs";
import { readFile, symlink } from "node:fs/promises";
import path from "node:path";
import { errorCode, errorText } from "./error-code";

/** Makes the library links a package's install script makes, for an npm that was told to run no scripts. */
export async function makeMissingLinks(packageFolder: string): Promise<void> {
  for (const { source, target } of await wantedLinks(packageFolder)) {
    const link = path.join(packageFolder, target);
    if (existsSync(link)) continue;
    const pointsAt = path.relative(path.dirname(target), source);
    try {
      await symlink(pointsAt, link);
    } catch (error) {
      if (errorCode(error) === "EEXIST") continue;
      throw new Error(
        `Postgres lacks the library link ${link}, which could not be made (${errorText(error)}); ` +
          `run "npm rebuild --ignore-scripts=false" as the user who owns node_modules.`,
      );
    }
  }
}

async function wantedLinks(packageFolder: string): Promise<{ source: string; target: string }[]> {
  const list = path.join(packageFolder, "native", "pg-symlinks.json");
  const text = await readFile(list, "utf8").catch(() => "[]");
  return JSON.parse(text);
}
