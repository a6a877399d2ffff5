import { chooseAccount } from "./account";
import { claimCluster } from "./claim";
import { ensureCluster, removeLeftovers } from "./cluster";
import { openDataFolder } from "./data-folder";
import { keepRunning } from "./keep-running";
import { findPrograms } from "./programs";
import { urlOf } from "./running";
import type { Options, Site } from "./types";

export { DataFolderRefused } from "./refused";
export { findRunningPostgres, hasCluster } from "./running";

/** A Postgres that belongs to this app until it is stopped; a Postgres that falls over comes back at the same url. */
export type EmbeddedPostgres = { url: string; stop(): Promise<void> };

/** Starts the Postgres of a data folder, making it if there is none, and refuses a folder another app uses. */
export async function startEmbeddedPostgres(options: Options): Promise<EmbeddedPostgres> {
  const began = Date.now();
  const site = await openSite(options);
  await ensureCluster(site);
  const end = new AbortController();
  const claim = await claimCluster(site, end.signal);
  await removeLeftovers(site.data, 0).catch(() => undefined);
  const { port } = claim.server;
  site.log.info({ port, folder: site.data.root, ms: Date.now() - began }, "The embedded Postgres is up");
  const running = keepRunning(site, claim, end.signal);
  return {
    url: urlOf(port, claim.password),
    stop() {
      end.abort();
      return running;
    },
  };
}

async function openSite(options: Options): Promise<Site> {
  const data = await openDataFolder(options.folder);
  const account = await chooseAccount(data, options.log);
  return {
    data,
    account,
    programs: await findPrograms(account),
    log: options.log,
    durable: options.durable ?? true,
    settings: options.extraSettings ?? {},
  };
}
