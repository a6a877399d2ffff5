import type { Pool } from "pg";
import type { Person } from "../base/person";
import { type Queryable, queryPrepared } from "../platform/database";

/** How far someone has come: a code is due, enrolment is due, or signed in. */
export type SessionStage = "code" | "enrolment" | "signed-in";

/** A session as it is read at each request. */
export type SessionRow = {
  sid: string;
  id: string;
  sess: Record<string, unknown>;
  personId: string;
  stage: SessionStage;
  /** False once the idle timeout or the absolute lifetime has passed. */
  alive: boolean;
  /** The idle timeout that governs it, in seconds. */
  idleTimeout: number;
  /** The longest it lasts whatever the activity, in seconds. */
  absoluteLifetime: number;
  /** Which of the two ended it; null while it is alive, and for what ended otherwise. */
  endedBy: "idle-timeout" | "absolute-lifetime" | null;
  /** Seconds until the idle timeout ends it, and until the absolute lifetime does; negative when it has. */
  idleLeft: number;
  lifetimeLeft: number;
  /** The page for which a form is parked, perhaps too long ago. */
  parkedFor: string | null;
  person: Person;
};

/** How long someone half signed in has for the second step, in seconds. */
export const HALF_SIGNED_IN_SECONDS = 15 * 60;

/** The longest absolute lifetime that can be set, in days. */
export const LONGEST_LIFETIME_DAYS = 365;

// The end is worked out when it is asked for, from the person's row and the database's own clock: so a changed
// timeout governs every session of that person at once, and replicas with different clocks agree.
// The organisation's ceilings cap longer choices without changing them.
const IDLE_TIMEOUT = `case when s.stage <> 'signed-in' then ${HALF_SIGNED_IN_SECONDS}
  when 'administrator' = any(p.roles)
    then least(p.session_timeout, i.longest_session_timeout, i.longest_session_timeout_administrators)
  else least(p.session_timeout, i.longest_session_timeout) end`;
const IDLE_END = `(s.last_active_at + make_interval(secs => ${IDLE_TIMEOUT}))`;
const ABSOLUTE_END = "least(s.expire, s.started_at + make_interval(secs => i.absolute_lifetime))";
// Asked, like the end: whoever the policy or a new role requires to have a second factor enrols with their next click.
const STAGE = `case when s.stage = 'signed-in' and not p.has_second_factor
  and (i.two_factor_policy = 'everyone' or i.two_factor_policy = 'administrators' and 'administrator' = any(p.roles))
  then 'enrolment' else s.stage end`;
// Half signed in, activity buys no time.
const ALIVE = `(s.stage = 'signed-in' or s.started_at + interval '${HALF_SIGNED_IN_SECONDS} s' > clock_timestamp())
  and ${IDLE_END} > clock_timestamp() and ${ABSOLUTE_END} > clock_timestamp() and p.deactivated_at is null`;

const FIND = {
  name: "sessions",
  text: `select s.sid, s.id, s.sess, s.person_id as "personId", ${STAGE} as stage, ${ALIVE} as alive,
            ${IDLE_TIMEOUT} as "idleTimeout", i.absolute_lifetime as "absoluteLifetime",
            case when least(${IDLE_END}, ${ABSOLUTE_END}) > clock_timestamp() then null
                 when ${IDLE_END} < ${ABSOLUTE_END} then 'idle-timeout' else 'absolute-lifetime' end as "endedBy",
            extract(epoch from ${IDLE_END} - clock_timestamp())::float8 as "idleLeft",
            extract(epoch from ${ABSOLUTE_END} - clock_timestamp())::float8 as "lifetimeLeft",
            f.path as "parkedFor",
            json_build_object('id', p.id, 'email', p.email, 'firstName', p.first_name, 'lastName', p.last_name,
                              'phoneNumber', p.phone_number, 'sessionTimeout', p.session_timeout, 'roles', p.roles,
                              'version', p.version) as person
       from sessions s join people p on p.id = s.person_id cross join installation i
       left join parked_forms f on f.sid = s.sid where s.sid = any($1)`,
};

/** Sessions by the hashes of their cookies, in the order asked for; also those that ended but are still remembered. */
export async function findSessions(db: Pool, sids: string[]): Promise<(SessionRow | undefined)[]> {
  const { rows } = await queryPrepared<SessionRow>(db, FIND, [sids]);
  const found = new Map(rows.map((row) => [row.sid, row]));
  return sids.map((sid) => found.get(sid));
}

/** Begins a session: the only statement that makes a row, so nothing in flight brings an ended one back. Returns its id. */
export async function insertSession(
  db: Queryable,
  session: {
    sid: string;
    personId: string;
    stage: SessionStage;
    address: string | null;
    client: string | null;
  },
): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `insert into sessions (sid, sess, person_id, stage, address, client, expire)
     values ($1, '{}', $2, $3, $4, $5, now() + make_interval(days => ${LONGEST_LIFETIME_DAYS})) returning id`,
    [session.sid, session.personId, session.stage, session.address, session.client],
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

const TOUCH = {
  name: "touch-sessions",
  text: `update sessions s set last_active_at = clock_timestamp()
    from people p, installation i
   where s.sid in (select sid from sessions where sid = any($1) for no key update skip locked)
     and p.id = s.person_id and ${ALIVE}`,
};

/** Counts requests as activity. An ended session stays ended; one being changed is left to whoever changes it. */
export async function touchSessions(db: Pool, sids: string[]): Promise<void> {
  await queryPrepared(db, TOUCH, [sids]);
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

/** Stores a live session under a new name. False when it has ended. */
export async function renameSession(db: Queryable, oldSid: string, newSid: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update sessions s set sid = $2 from people p, installation i where s.sid = $1 and p.id = s.person_id and ${ALIVE}`,
    [oldSid, newSid],
  );
  return rowCount === 1;
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

/** Forgets sessions that ended so many days ago or longer, of one person or all. With 0 before a limit is raised: none comes back. */
export async function forgetEndedSessions(db: Queryable, days: number, personId?: string): Promise<number> {
  const { rowCount } = await db.query(
    `delete from sessions s using people p, installation i where p.id = s.person_id and ($2::uuid is null or p.id = $2)
        and least(${IDLE_END}, ${ABSOLUTE_END}) <= clock_timestamp() - make_interval(days => $1)`,
    [days, personId],
  );
  return rowCount ?? 0;
}
