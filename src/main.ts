import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import path from "node:path";
import type { Pool } from "pg";
import { readAppSecret } from "./platform/app-secret";
import { type Config, ConfigProblems, parseConfig } from "./platform/config";
import { openPool } from "./platform/database";
import { DataFolderRefused, startEmbeddedPostgres } from "./platform/embedded-postgres";
import { type Logger, openLog } from "./platform/log";
import { DatabaseIsNewer, migrate, ServerTooOld } from "./platform/migrations";
import { findInstallation } from "./records/installation";
import { forgetEndedSessions } from "./records/sessions";
import { makeServer } from "./server";
import { type Desk, openDesk, WrongAppSecret } from "./web/desk";

const MIGRATIONS = path.join(__dirname, "..", "migrations");
const FORGET_EVERY_MS = 60 * 60 * 1000;
const DRAIN_MS = 25_000;

/** What has been started so far, each with how to stop it; stopped in the opposite order. */
type Started = (() => unknown)[];

async function main(): Promise<void> {
  const config = parseConfig(process.env, (file) => readFileSync(file, "utf8"));
  const log = openLog(config.logLevel, process.stdout.isTTY === true);
  const started: Started = [];
  stopOnSignals(log, started);
  try {
    await start(config, log, started);
  } catch (error) {
    await stop(started);
    throw error;
  }
}

async function start(config: Config, log: Logger, started: Started): Promise<void> {
  const url = config.databaseUrl ?? (await startOwnPostgres(config, log, started));
  await migrate(url, MIGRATIONS, (line) => log.debug({}, line));
  const db = openPool(url, (error) => log.warn({ err: error }, "A database connection broke"));
  started.push(() => db.end());

  const { sealedPepper } = await findInstallation(db);
  const appSecret = config.appSecret ?? readAppSecret(config.dataDir, sealedPepper === null);
  const desk = await openDesk({ db, log, baseUrl: config.baseUrl, appSecret });
  started.push(() => desk.calls.flush());

  const server = createServer(makeServer(desk, { trustProxy: config.trustProxy }));
  await listen(server, config);
  started.push(() => drain(server));
  started.push(forgetSessionsHourly(db, log));
  await announce(desk, log);
}

async function startOwnPostgres(config: Config, log: Logger, started: Started): Promise<string> {
  const postgres = await startEmbeddedPostgres({ folder: config.dataDir, log });
  started.push(() => postgres.stop());
  return postgres.url;
}

function listen(server: Server, { port, host }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
}

// The set-up line comes first: whoever waits for "ready" finds it already there.
async function announce(desk: Desk, log: Logger): Promise<void> {
  if (!(await desk.isSetUp())) {
    log.info({}, `Set up this installation at ${desk.setUpAddress} to create the first administrator.`);
  }
  log.info({}, `Latchkey is ready at ${desk.baseUrl.href}`);
}

function forgetSessionsHourly(db: Pool, log: Logger): () => void {
  const timer = setInterval(() => {
    forgetEndedSessions(db).catch((error) =>
      log.warn({ err: error }, "Ended sessions could not be forgotten"),
    );
  }, FORGET_EVERY_MS);
  return () => clearInterval(timer);
}

/** Takes no new requests and waits for those under way, at most 25 seconds. */
async function drain(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearTimeout(timer);
}

async function stop(started: Started): Promise<void> {
  for (let undo = started.pop(); undo; undo = started.pop()) await undo();
}

function stopOnSignals(log: Logger, started: Started): void {
  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      log.info({ signal }, "Stopping: finishing the requests under way");
      stop(started).then(() => process.exit(0), fail);
    });
  }
}

/** What an operator can mend is told in a sentence; anything else with its stack. */
const FOR_OPERATORS = [ConfigProblems, DataFolderRefused, DatabaseIsNewer, ServerTooOld, WrongAppSecret];

function fail(error: unknown): void {
  const plain = FOR_OPERATORS.some((kind) => error instanceof kind);
  const text = error instanceof Error ? (plain ? error.message : error.stack) : String(error);
  process.stderr.write(`Latchkey cannot start. ${text}\n`);
  process.exit(1);
}

main().catch(fail);
