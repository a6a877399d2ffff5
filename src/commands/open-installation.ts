import { existsSync } from "node:fs";
import path from "node:path";
import type { Pool } from "pg";
import { appSecretFile, readAppSecret } from "../platform/app-secret";
import type { Config } from "../platform/config";
import { openPool } from "../platform/database";
import {
  DataFolderRefused,
  findRunningPostgres,
  hasCluster,
  startEmbeddedPostgres,
} from "../platform/embedded-postgres";
import { type Logger, openLog } from "../platform/log";
import type { Metrics } from "../platform/metrics";
import { findPendingMigrations, migrate } from "../platform/migrations";
import { findInstallation } from "../records/installation";
import { TrailChainer } from "../web/chain-trail";
import { type Desk, openDesk } from "../web/desk";
import { WrongAppSecret } from "../web/open-seal";
import { CommandRefused } from "./command";

/** Where the migrations lie. */
export const MIGRATIONS = path.join(__dirname, "..", "..", "migrations");

/** The database of this installation, also while the program is stopped; `close` leaves things as they were found. */
export type OpenDatabase = { url: string; close(): Promise<void> };

/**
 * Reaches the database: the one of DATABASE_URL, the one that a running Latchkey holds on the data folder, or else one
 * started for the while. A folder without a database is refused unless `mayMake`.
 */
export async function openDatabase(config: Config, mayMake: boolean): Promise<OpenDatabase> {
  const { databaseUrl, dataDir } = config;
  const running = databaseUrl ?? (await findRunningPostgres(dataDir));
  if (running) return { url: running, close: async () => {} };
  if (!mayMake && !hasCluster(dataDir)) {
    throw new CommandRefused(
      `There is no installation in ${dataDir}. Set DATA_DIR, or DATABASE_URL, to what the program itself uses.`,
    );
  }
  return startForTheWhile(config);
}

/**
 * Runs `work` with the database and its pool; entries written meanwhile are in the chain afterwards. A database that is
 * not up to date is refused, so that nothing but `migrate` and `serve` migrates; one made here is migrated.
 */
export async function withDatabase<T>(
  config: Config,
  mayMake: boolean,
  work: (db: Pool) => Promise<T>,
): Promise<T> {
  const isNew = config.databaseUrl === undefined && !hasCluster(config.dataDir);
  const { url, close } = await openDatabase(config, mayMake);
  try {
    if (isNew) await migrate(url, MIGRATIONS, () => {});
    const pending = await findPendingMigrations(url, MIGRATIONS);
    if (pending.length > 0) {
      throw new CommandRefused(
        "The database is not up to date. Run the command migrate, or start the program, first.",
      );
    }
    const db = openPool(url, () => {});
    try {
      const result = await work(db);
      await new TrailChainer(db, quietLog()).flush();
      return result;
    } finally {
      await db.end();
    }
  } finally {
    await close();
  }
}

/** Runs `work` with the whole desk: what needs APP_SECRET. */
export function withDesk<T>(config: Config, mayMake: boolean, work: (desk: Desk) => Promise<T>): Promise<T> {
  return withDatabase(config, mayMake, async (db) => work(await openDeskOn(db, config, quietLog())));
}

/** Opens the desk with the secret of the environment, or the one in the data folder. */
export async function openDeskOn(
  db: Pool,
  config: Config,
  log: Logger,
  { lookups, metrics }: { lookups?: Pool; metrics?: Metrics | undefined } = {},
): Promise<Desk> {
  const { baseUrl, mail, dataDir, cookieDomain, returnOrigins } = config;
  const { sealedPepper, setUp } = await findInstallation(db);
  const appSecret = config.appSecret ?? readAppSecret(dataDir, sealedPepper === null && !setUp);
  const secretName = nameOfSecret(config);
  try {
    const site = { baseUrl, cookieDomain, returnOrigins };
    return await openDesk({ db, lookups: lookups ?? db, log, metrics, ...site, appSecret, secretName, mail });
  } catch (error) {
    const own = appSecretFile(dataDir);
    if (!(error instanceof WrongAppSecret) || config.appSecret === undefined || !existsSync(own)) throw error;
    throw new WrongAppSecret(
      `${error.message} Or leave APP_SECRET unset, if the secret in ${own} is the one this database was made with.`,
    );
  }
}

/** What an operator calls the secret: the variable, or the file in the data folder. */
export function nameOfSecret({ appSecret, dataDir }: Config): string {
  return appSecret === undefined ? `The file ${appSecretFile(dataDir)}` : "APP_SECRET";
}

/** The log of a command: its answer is on standard output, and nothing else may be. */
export function quietLog(): Logger {
  return openLog("silent", false);
}

async function startForTheWhile(config: Config): Promise<OpenDatabase> {
  try {
    const postgres = await startEmbeddedPostgres({ folder: config.dataDir, log: quietLog() });
    return { url: postgres.url, close: () => postgres.stop() };
  } catch (error) {
    // The program may have been started this very moment.
    const running =
      error instanceof DataFolderRefused ? await findRunningPostgres(config.dataDir) : undefined;
    if (!running) throw error;
    return { url: running, close: async () => {} };
  }
}
