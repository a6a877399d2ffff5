import type { Server } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { Pool } from "pg";
import type { Config } from "../platform/config";
import { openPool } from "../platform/database";
import { startEmbeddedPostgres } from "../platform/embedded-postgres";
import { type Logger, noticesIn, openLog } from "../platform/log";
import { openMetrics } from "../platform/metrics";
import { migrate } from "../platform/migrations";
import { keepHeapSmall } from "../platform/small-heap";
import { forgetOldLinks } from "../records/links";
import { forgetOldMail } from "../records/mail";
import { forgetParkedForms } from "../records/parked-forms";
import { forgetSilentReplicas } from "../records/replicas";
import { pruneSessions } from "../records/sessions/sessions";
import { forgetDrainedThrottles } from "../records/throttles";
import { makeServer } from "../server";
import { TrailChainer } from "../web/chain-trail";
import type { Desk } from "../web/desk";
import { keepReporting } from "../web/report-replica";
import { drain } from "./drain";
import { listen } from "./listen";
import { MIGRATIONS, openDeskOn } from "./open-installation";
import { serveMetrics } from "./serve-metrics";

const FORGET_EVERY_MS = 60 * 60 * 1000;
// A page makes several statements, and is refused after nine seconds in all (middleware/in-time.ts); a key check makes
// one. What is forgotten once an hour may be much, and nobody waits for it.
const PATIENCE = { connection: 1_900, statement: 4_000 };
const LOOKUPS = { max: 4, patience: { connection: 1_500, statement: 3_000 }, oneStatementEach: true };
// Nobody waits for what metrics count; the slowest count of a million rows takes some three seconds.
const PATIENCE_FOR_COUNTS = { connection: 30_000, statement: 10_000 };
const PATIENCE_FOR_CHORES = { connection: 10_000, statement: 10 * 60_000 };
// Until then a late click is told why it is signed out.
const REMEMBERED_DAYS = 30;
const PRUNE_PAUSE_MS = 20;

/** What has been started so far, each with how to stop it; stopped in the opposite order. */
type Started = (() => unknown)[];

/** Serves until it is told to stop by a signal; then the process ends. */
export async function serve(config: Config, terminal: boolean): Promise<void> {
  keepHeapSmall();
  const log = openLog(config.logLevel, terminal);
  const started: Started = [];
  const isStopping = stopOnSignals(log, started);
  try {
    await start(config, log, started);
  } catch (error) {
    // What was just being started has been stopped under it.
    if (isStopping()) return;
    await stop(started);
    throw error;
  }
}

async function start(config: Config, log: Logger, started: Started): Promise<void> {
  const url = config.databaseUrl ?? (await startOwnPostgres(config, log, started));
  await migrate(url, MIGRATIONS, (line) => log.debug({}, line));
  const onBroken = (error: Error) => log.warn({ err: error }, "A database connection broke");
  const db = openPool(url, onBroken, { patience: PATIENCE });
  started.push(() => db.end());
  const lookups = openPool(url, onBroken, LOOKUPS);
  started.push(() => lookups.end());
  const chores = openPool(url, onBroken, { max: 1, patience: PATIENCE_FOR_CHORES });
  started.push(() => chores.end());
  const chainer = new TrailChainer(db, log);
  chainer.start();
  started.push(() => chainer.stop());

  const metrics = config.metricsPort === undefined ? undefined : openMetrics();
  const desk = await openDeskOn(db, config, log, { lookups, metrics });
  started.push(await keepReporting(db, desk.seal.id, log));
  started.push(() => desk.calls.flush());
  desk.mail.start();
  started.push(() => desk.mail.stop());

  const servers: Server[] = [];
  const { metricsPort: port, host } = config;
  if (metrics && port !== undefined) {
    const counts = openPool(url, onBroken, { max: 1, patience: PATIENCE_FOR_COUNTS });
    started.push(() => counts.end());
    const pools = { pages: db, lookups, chores, counts };
    servers.push(await serveMetrics(metrics, desk, pools, { port, host }));
  }
  started.push(() => Promise.all(servers.map(drain)));
  servers.push(await listen(makeServer(desk, { trustProxy: config.trustProxy }), config));
  started.push(forgetOldRowsHourly(chores, log));
  await announce(desk, log);
}

async function startOwnPostgres(config: Config, log: Logger, started: Started): Promise<string> {
  const postgres = await startEmbeddedPostgres({ folder: config.dataDir, log });
  started.push(() => postgres.stop());
  return postgres.url;
}

// The set-up line comes first: whoever waits for "ready" finds it already there.
async function announce(desk: Desk, log: Logger): Promise<void> {
  if (!(await desk.isSetUp())) {
    noticesIn(log).info(
      {},
      `Set up this installation at ${desk.setUpAddress} to create the first administrator.`,
    );
  }
  log.info({}, `Latchkey is ready at ${desk.baseUrl.href}`);
}

function forgetOldRowsHourly(db: Pool, log: Logger): () => void {
  const timer = setInterval(() => {
    forgetOldRows(db).catch((error) =>
      log.warn({ err: error }, "Ended sessions, old letters and old links could not be forgotten"),
    );
  }, FORGET_EVERY_MS);
  return () => clearInterval(timer);
}

async function forgetOldRows(db: Pool): Promise<void> {
  await pruneSessions(db, REMEMBERED_DAYS, () => pause(PRUNE_PAUSE_MS));
  await forgetOldMail(db);
  await forgetOldLinks(db);
  await forgetParkedForms(db);
  await forgetDrainedThrottles(db);
  await forgetSilentReplicas(db);
}

async function stop(started: Started): Promise<void> {
  for (let undo = started.pop(); undo; undo = started.pop()) await undo();
}

/** Stops at the first signal; what is returned tells whether there was one. */
function stopOnSignals(log: Logger, started: Started): () => boolean {
  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      log.info({ signal }, "Stopping: finishing the requests under way");
      stop(started).then(
        () => {
          log.info({}, "Latchkey has stopped");
          process.exit(0);
        },
        (error) => {
          log.error({ err: error }, "Stopping failed");
          process.exit(1);
        },
      );
    });
  }
  return () => stopping;
}
