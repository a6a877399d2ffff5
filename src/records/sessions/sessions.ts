import type { Queryable } from "../../platform/database";
import { ABSOLUTE_END, ALIVE, IDLE_END } from "./conditions";
import type { SessionStage } from "./lookups";

/** The longest absolute lifetime that can be set, in days. */
export const LONGEST_LIFETIME_DAYS = 365;

/** Begins a session: the only statement that makes a row, so nothing in flight brings an ended one back. Returns its id. */
export async function insertSession(
  db: Queryable,
  session: {
    sid: string;
    personId: string;
    stage: SessionStage;
    address: string | null;
    client: string | null;
    /** The stored name of the session whose place it takes, or of none. */
    before: string;
  },
): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `insert into sessions (sid, sess, person_id, stage, address, client, expire)
     values ($1, json_build_object('before', $6::text), $2, $3, $4, $5, now() + make_interval(days => ${LONGEST_LIFETIME_DAYS})) returning id`,
    [session.sid, session.personId, session.stage, session.address, session.client, session.before],
  );
  const [row] = rows;
  if (!row) throw new Error("Inserting a session returned no row");
  return row.id;
}

/** Saves what a live session remembers, and counts as activity. An ended session stays ended. */
export async function saveSession(db: Queryable, sid: string, sess: object): Promise<void> {
  await db.query(
    `update sessions s set sess = $2, last_active_at = clock_timestamp()
       from people p, installation i where s.sid = $1 and p.id = s.person_id and ${ALIVE}`,
    [sid, JSON.stringify(sess)],
  );
}

/** Ends the session with this stored name; true when it was this person's and alive. */
export async function deleteSessionBySid(db: Queryable, sid: string, personId: string): Promise<boolean> {
  const { rows } = await db.query<{ wasAlive: boolean }>(
    `delete from sessions s using people p, installation i where s.sid = $1 and p.id = s.person_id
      returning s.person_id = $2 and ${ALIVE} as "wasAlive"`,
    [sid, personId],
  );
  return rows[0]?.wasAlive ?? false;
}

/** Stores a live session under a new name; it remembers the old one. False when it has ended. */
export async function renameSession(db: Queryable, oldSid: string, newSid: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update sessions s set sid = $2, sess = jsonb_set(s.sess::jsonb, '{before}', to_jsonb(s.sid))
       from people p, installation i where s.sid = $1 and p.id = s.person_id and ${ALIVE}`,
    [oldSid, newSid],
  );
  return rowCount === 1;
}

/**
 * The session that took the place of the one with this stored name within the last minute: a request that was on its
 * way meanwhile knows only the old name.
 */
export async function findSuccessor(
  db: Queryable,
  sid: string,
): Promise<{ id: string; personId: string } | undefined> {
  const { rows } = await db.query<{ id: string; personId: string }>(
    `select id, person_id as "personId" from sessions
      where last_active_at > clock_timestamp() - interval '1 minute' and sess ->> 'before' = $1`,
    [sid],
  );
  return rows[0];
}

/** True while this session (by its public id) of this person has not ended; call it after locking the person. */
export async function isSignedIn(db: Queryable, personId: string, id: string | null): Promise<boolean> {
  const { rows } = await db.query("select from sessions where person_id = $1 and id = $2", [personId, id]);
  return rows.length === 1;
}

/** Ends every session of a person but one (by its public id), half signed in ones too. Returns how many. */
export async function endOtherSessions(db: Queryable, personId: string, keptId: string): Promise<number> {
  const { rowCount } = await db.query("delete from sessions where person_id = $1 and id <> $2", [
    personId,
    keptId,
  ]);
  return rowCount ?? 0;
}

/** Ends every session of a person, half signed in ones too. Returns how many. */
export async function endAllSessions(db: Queryable, personId: string): Promise<number> {
  const { rowCount } = await db.query("delete from sessions where person_id = $1", [personId]);
  return rowCount ?? 0;
}

/** Ends one session of a person, by its public id. False when it had ended already. */
export async function deleteSession(db: Queryable, personId: string, id: string): Promise<boolean> {
  const { rowCount } = await db.query("delete from sessions where person_id = $1 and id::text = $2", [
    personId,
    id,
  ]);
  return rowCount === 1;
}

/** A live session as its owner sees it; `endsAt` is when it ends without further activity. */
export type LiveSession = {
  id: string;
  address: string | null;
  client: string | null;
  startedAt: Date;
  lastActiveAt: Date;
  endsAt: Date;
};

/** The live sessions of a person who got past the second step, the latest active first, at most 200. */
export async function listSessions(db: Queryable, personId: string): Promise<LiveSession[]> {
  const { rows } = await db.query<LiveSession>(
    `select s.id, s.address, s.client, s.started_at as "startedAt", s.last_active_at as "lastActiveAt",
            least(${IDLE_END}, ${ABSOLUTE_END}) as "endsAt"
       from sessions s join people p on p.id = s.person_id cross join installation i
      where s.person_id = $1 and s.stage = 'signed-in' and ${ALIVE}
      order by s.last_active_at desc limit 200`,
    [personId],
  );
  return rows;
}

// What has ended was not active since: that alone leaves few rows to look up a person for.
const ENDED = `s.last_active_at <= clock_timestamp() - make_interval(days => $1)
   and least(${IDLE_END}, ${ABSOLUTE_END}) <= clock_timestamp() - make_interval(days => $1)`;

/** Forgets sessions that ended so many days ago or longer, of one person or all. With 0 before a limit is raised: none comes back. */
export async function forgetEndedSessions(db: Queryable, days: number, personId?: string): Promise<number> {
  const { rowCount } = await db.query(
    `delete from sessions s using people p, installation i
      where p.id = s.person_id and ($2::uuid is null or p.id = $2) and ${ENDED}`,
    [days, personId],
  );
  return rowCount ?? 0;
}

const PAGES_A_STEP = 200;
// "offset 0" has each person looked up by the index: the planner would rather read all people at each step.
const PRUNE_STEP = `delete from sessions where ctid = any(array(
  select s.ctid from sessions s cross join installation i
         cross join lateral (select * from people where id = s.person_id offset 0) p
   where s.ctid >= $2 and s.ctid < $3 and ${ENDED}))`;

/**
 * The same for all, 200 pages of the table at a time, with `pause` between: no step is noticed, and no index is needed,
 * which each touch would have to write too. Returns how many.
 */
export async function pruneSessions(
  db: Queryable,
  days: number,
  pause: () => Promise<unknown>,
): Promise<number> {
  const { rows } = await db.query<{ pages: number }>(
    "select (pg_relation_size('sessions') / current_setting('block_size')::int)::int as pages",
  );
  let pruned = 0;
  for (let page = 0; page < (rows[0]?.pages ?? 0); page += PAGES_A_STEP) {
    const range = [`(${page},0)`, `(${page + PAGES_A_STEP},0)`];
    const { rowCount } = await db.query(PRUNE_STEP, [days, ...range]);
    pruned += rowCount ?? 0;
    await pause();
  }
  return pruned;
}
