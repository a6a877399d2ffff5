import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { readAppSecret } from "./platform/app-secret";
import { type Config, ConfigProblems, parseConfig } from "./platform/config";
import { openPool } from "./platform/database";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./platform/embedded-postgres";
import { type Logger, openLog } from "./platform/log";
import { migrate } from "./platform/migrations";
import { forgetEndedSessions } from "./records/sessions";
import { makeServer } from "./server";
import { openDesk } from "./web/desk";

const FORGET_EVERY_MS = 60 * 60 * 1000;
const DRAIN_MS = 25_000;

async function main(): Promise<void> {
  const config = parseConfig(process.env, (file) => readFileSync(file, "utf8"));
  const log = openLog(config.logLevel, process.stdout.isTTY === true);
  const stop = await start(config, log);

  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      log.info({ signal }, "Stopping: finishing the requests under way");
      stop().then(
        () => process.exit(0),
        (error) => fail(log, error),
      );
    });
  }
}

/** Starts everything in order and returns what stops it, in the opposite order. */
async function start(config: Config, log: Logger): Promise<() => Promise<void>> {
  const embedded = config.databaseUrl
    ? undefined
    : await startEmbeddedPostgres({ folder: config.dataDir, log });
  try {
    return await startOn(config.databaseUrl ?? embedded?.url ?? "", config, log, embedded);
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
}

async function startOn(
  url: string,
  config: Config,
  log: Logger,
  embedded: EmbeddedPostgres | undefined,
): Promise<() => Promise<void>> {
  await migrate(url, path.join(__dirname, "..", "migrations"), (line) => log.debug({}, line));
  const db = openPool(url, (error) => log.warn({ err: error }, "A database connection broke"));
  const appSecret = config.appSecret ?? readAppSecret(config.dataDir);
  const desk = await openDesk({ db, log, baseUrl: config.baseUrl, appSecret });

  const server = createServer(makeServer(desk, { trustProxy: config.trustProxy }));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.port, config.host, resolve);
  });
  const forgetting = setInterval(() => {
    forgetEndedSessions(db).catch((error) =>
      log.warn({ err: error }, "Ended sessions could not be forgotten"),
    );
  }, FORGET_EVERY_MS);

  log.info({}, `Latchkey is ready at ${config.baseUrl.href}`);
  if (!(await desk.isSetUp())) {
    log.info({}, `Set up this installation at ${desk.setUpAddress} to create the first administrator.`);
  }

  return async () => {
    clearInterval(forgetting);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), DRAIN_MS).unref();
    await closed;
    await desk.calls.flush();
    await db.end();
    await embedded?.stop();
  };
}

function fail(log: Logger | undefined, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ConfigProblems || !log) process.stderr.write(`${message}\n`);
  else log.fatal({ err: error }, message);
  process.exit(1);
}

main().catch((error) => fail(undefined, error));
