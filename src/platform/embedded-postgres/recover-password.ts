import { rename } from "node:fs/promises";
import { errorText } from "./error-code";
import { ensurePassword, readPassword, syncFolder } from "./password";
import { DataFolderRefused } from "./refused";
import { runProgram } from "./run-program";
import type { Site } from "./types";

/** Reads the cluster's password; if its file has been lost, sets a new one while no server runs. */
export async function passwordOfCluster(site: Site): Promise<string> {
  const known = await readPassword(site.data.password);
  if (known !== undefined) return known;
  site.log.warn(
    { file: site.data.password },
    "The database's password file is missing; setting a new password",
  );
  // Under its final name only once the cluster knows it, so that a kill in between starts this over.
  const pending = `${site.data.password}.pending`;
  const password = await ensurePassword(pending);
  const options = ["--single", "-c", "exit_on_error=on"];
  try {
    await runProgram(site, site.programs.postgres, site.data.cluster, options, {
      database: "postgres",
      text: `alter role latchkey password '${password}';\n`,
    });
  } catch (error) {
    throw new DataFolderRefused(
      `The file ${site.data.password} is missing and no new password could be set (${errorText(error)}, ` +
        `see ${site.data.log}); put the file back, or start Latchkey as root or with DATABASE_URL.`,
    );
  }
  await rename(pending, site.data.password);
  await syncFolder(site.data.root);
  return password;
}
