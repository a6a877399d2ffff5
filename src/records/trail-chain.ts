import type { Queryable } from "../platform/database";

/** The last link of the chain so far. */
export type LastLink = { position: number; hash: Buffer };

/** An entry as the chain hashes it: its id, and every column as text. */
export type HashedEntry = { entryId: string; columns: (string | null)[] };

/** A link with the entry it stands for; `columns` is null when that entry is gone. */
export type Link = { position: number; entryId: string; hash: Buffer; columns: (string | null)[] | null };

// Arbitrary, but the same on every replica.
const LOCK = "1279350888, 1667785070";

// The time in whole microseconds, so that no setting of time zone or date style has a say.
const COLUMNS = `array[t.id::text, (extract(epoch from t.at) * 1000000)::bigint::text, t.action, t.actor_kind,
  t.actor_id::text, t.session_id::text, t.key_id, t.subject_id::text, t.address, t.client, t.details::text]`;

/** Makes this transaction the only one that links, until it ends; false when another one is at it. */
export async function takeChainLock(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ taken: boolean }>(`select pg_try_advisory_xact_lock(${LOCK}) as taken`);
  return rows[0]?.taken === true;
}

/** The end of the chain; undefined while it is empty. */
export async function findLastLink(db: Queryable): Promise<LastLink | undefined> {
  const { rows } = await db.query<{ position: string; hash: Buffer }>(
    "select position, hash from trail_chain order by position desc limit 1",
  );
  return rows[0] && { position: Number(rows[0].position), hash: rows[0].hash };
}

/** Takes entries that have no link yet off the waiting list, the lowest ids first. */
export async function takeUnlinked(db: Queryable, most: number): Promise<HashedEntry[]> {
  const { rows } = await db.query<HashedEntry>(
    `with taken as (
       delete from trail_unlinked
        where entry_id = any(array(select entry_id from trail_unlinked order by entry_id limit $1))
        returning entry_id)
     select t.id as "entryId", ${COLUMNS} as columns from taken join trail t on t.id = taken.entry_id order by t.id`,
    [most],
  );
  return rows;
}

/** Adds links at the end of the chain. */
export async function insertLinks(db: Queryable, links: Omit<Link, "columns">[]): Promise<void> {
  await db.query(
    "insert into trail_chain (position, entry_id, hash) select * from unnest($1::bigint[], $2::bigint[], $3::bytea[])",
    [links.map((link) => link.position), links.map((link) => link.entryId), links.map((link) => link.hash)],
  );
}

/** The links after a position, in order, each with its entry as it is now. */
export async function listLinks(db: Queryable, after: number, most: number): Promise<Link[]> {
  const { rows } = await db.query<Omit<Link, "position"> & { position: string }>(
    `select c.position, c.entry_id as "entryId", c.hash, case when t.id is not null then ${COLUMNS} end as columns
       from trail_chain c left join trail t on t.id = c.entry_id
      where c.position > $1 order by c.position limit $2`,
    [after, most],
  );
  return rows.map((row) => ({ ...row, position: Number(row.position) }));
}

/** Entries that have no link: how many wait for one, how many do not even wait, and the first of those. */
export type Unlinked = { waiting: number; forgotten: number; firstForgotten: string | null };

/** Counts the entries without a link, in one statement: an entry commits together with its place on the waiting list. */
export async function countUnlinked(db: Queryable): Promise<Unlinked> {
  const { rows } = await db.query<Unlinked>(
    `select count(u.entry_id)::int as waiting, (count(*) - count(u.entry_id))::int as forgotten,
            min(t.id) filter (where u.entry_id is null) as "firstForgotten"
       from trail t left join trail_unlinked u on u.entry_id = t.id
      where not exists (select from trail_chain c where c.entry_id = t.id)`,
  );
  return rows[0] ?? { waiting: 0, forgotten: 0, firstForgotten: null };
}
