import { profiles } from "./asks";
import { type Installation, openInstallation } from "./installation";
import { load } from "./load";

const SESSIONS = 1_000;
const SECONDS = 20;
const CONNECTIONS = 32;

/** What authenticated views write: bytes of WAL each, and the part of the updates that touched no index (HOT). */
export type Writes = { views: number; walBytesAView: number; hotPercent: number };

/** Under steady load of 1,000 sessions, each asking again and again for its profile. */
export async function writes(): Promise<Writes> {
  const installation = await openInstallation({ people: SESSIONS, trailEntries: 0 }, SESSIONS);
  try {
    return await measureWrites(installation, SECONDS);
  } finally {
    await installation.stop();
  }
}

/** Of those who ask on this installation. The first writes to each page after a checkpoint, which are whole pages, come before. */
export async function measureWrites({ db, askers, serve }: Installation, seconds: number): Promise<Writes> {
  const server = await serve();
  const asks = profiles(askers);
  await db.query("checkpoint");
  await load(server.port, asks, CONNECTIONS, 3);
  const before = await written(db);
  const { answers: views } = await load(server.port, asks, CONNECTIONS, seconds);
  const after = await written(db);
  const updates = after.updates - before.updates;
  return {
    views,
    walBytesAView: (after.wal - before.wal) / views,
    hotPercent: (100 * (after.hot - before.hot)) / updates,
  };
}

async function written(db: Installation["db"]): Promise<{ wal: number; updates: number; hot: number }> {
  // Statistics of other connections arrive a second late at most.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const { rows } = await db.query(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as wal, n_tup_upd::float8 as updates,
            n_tup_hot_upd::float8 as hot from pg_stat_user_tables where relname = 'sessions'`,
  );
  return rows[0];
}
