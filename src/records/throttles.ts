import type { Queryable } from "../platform/database";

/** What is counted under one key: at most `most` tries at once, after which one drains off every `drainSeconds`. */
export type Throttle = { key: string; most: number; drainSeconds: number };

// A clock that was set back must not fill anything up.
const DRAINED = `greatest(0, t.level
  - greatest(0, extract(epoch from clock_timestamp() - t.counted_at)) / t.drain_seconds)`;

/**
 * Counts one try under each of the throttles, or, when one of them is full, under none. Returns how long to wait, in
 * whole seconds; 0 when the try may be made. One statement decides, so of tries made at once no more pass than fit;
 * it must not stand in a transaction that can be rolled back.
 */
export async function takeTry(db: Queryable, throttles: Throttle[]): Promise<number> {
  const { rows } = await db.query<{ key: string }>(
    `insert into throttles as t (key, level, counted_at, most, drain_seconds)
     select a.key, 1, clock_timestamp(), a.most, a.drain_seconds
       from unnest($1::text[], $2::float8[], $3::float8[]) as a (key, most, drain_seconds) order by a.key
     on conflict (key) do update
       set level = ${DRAINED} + 1, counted_at = excluded.counted_at,
           most = excluded.most, drain_seconds = excluded.drain_seconds
       where ${DRAINED} + 1 <= excluded.most
     returning t.key`,
    columns(throttles),
  );
  if (rows.length === throttles.length) return 0;
  await giveBackTry(
    db,
    rows.map(({ key }) => key),
  );
  const keys = throttles.map(({ key }) => key);
  await drainFromNow(db, keys);
  return Math.max(1, await secondsUntilNextTry(db, keys));
}

/** Counted while the clock was ahead, throttles would else stay full until it is as late again. */
async function drainFromNow(db: Queryable, keys: string[]): Promise<void> {
  await db.query(
    "update throttles set counted_at = clock_timestamp() where key = any($1) and counted_at > clock_timestamp()",
    [keys],
  );
}

/** Takes back a try that turned out to be no guess: one that was right. */
export async function giveBackTry(db: Queryable, keys: string[]): Promise<void> {
  if (keys.length === 0) return;
  await db.query(
    `update throttles set level = greatest(0, level - 1)
      where key in (select key from throttles where key = any($1) order by key for update)`,
    [keys],
  );
}

/** How long, in whole seconds, until each of these throttles takes another try; 0 when they do now. */
export async function secondsUntilNextTry(db: Queryable, keys: string[]): Promise<number> {
  const { rows } = await db.query<{ seconds: number | null }>(
    `select ceil(max((${DRAINED} + 1 - t.most) * t.drain_seconds))::integer as seconds
       from throttles t where t.key = any($1)`,
    [keys],
  );
  return Math.max(0, rows[0]?.seconds ?? 0);
}

/**
 * Counts tries that have failed already, `tries` of them under each key; keys must differ. Returns for each throttle,
 * in its order, how long to wait in whole seconds: 0 as long as it is not overfull.
 */
export async function countFailures(
  db: Queryable,
  failures: (Throttle & { tries: number })[],
): Promise<number[]> {
  const { rows } = await db.query<{ key: string; seconds: number }>(
    `insert into throttles as t (key, level, counted_at, most, drain_seconds)
     select a.key, least(a.tries, a.most + 1), clock_timestamp(), a.most, a.drain_seconds
       from unnest($1::text[], $2::float8[], $3::float8[], $4::float8[]) as a (key, most, drain_seconds, tries)
      order by a.key
     on conflict (key) do update
       set level = least(${DRAINED} + excluded.level, excluded.most + 1), counted_at = excluded.counted_at,
           most = excluded.most, drain_seconds = excluded.drain_seconds
     returning t.key, ceil(greatest(0, t.level - t.most) * t.drain_seconds)::integer as seconds`,
    [...columns(failures), failures.map(({ tries }) => tries)],
  );
  const seconds = new Map(rows.map((row) => [row.key, row.seconds]));
  return failures.map(({ key }) => seconds.get(key) ?? 0);
}

/** Empties throttles, because what was guessed at is not there any more. */
export async function emptyThrottles(db: Queryable, keys: string[]): Promise<void> {
  await db.query("delete from throttles where key = any($1)", [keys]);
}

/** Forgets the throttles that have drained off: they say as much as none. */
export async function forgetDrainedThrottles(db: Queryable): Promise<void> {
  await db.query(
    "delete from throttles where counted_at + make_interval(secs => level * drain_seconds) < clock_timestamp()",
  );
}

/**
 * How an email is spelled when its tries are counted, as the database compares it: all spellings of one account have
 * one. And whether somebody has signed in to that account from this address before.
 */
export async function findGuessedAccount(
  db: Queryable,
  email: string,
  address: string | null,
): Promise<{ account: string; known: boolean }> {
  const { rows } = await db.query<{ account: string; known: boolean }>(
    `select lower($1) as account, exists (
       select from people p join trail t on t.subject_id = p.id and t.action = 'session.started' and t.address = $2
        where lower(p.email) = lower($1)) as known`,
    [email, address],
  );
  const [row] = rows;
  if (!row) throw new Error("A select without a table has one row");
  return row;
}

function columns(throttles: Throttle[]): [string[], number[], number[]] {
  return [
    throttles.map(({ key }) => key),
    throttles.map(({ most }) => most),
    throttles.map(({ drainSeconds }) => drainSeconds),
  ];
}
