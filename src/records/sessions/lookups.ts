import type { Pool } from "pg";
import type { Person } from "../../base/person";
import type { TimeoutCeilings } from "../../base/session-timeout";
import { listed, queryPrepared } from "../../platform/prepared";
import { ABSOLUTE_END, ALIVE, IDLE_END, IDLE_TIMEOUT, STAGE } from "./conditions";

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
  hasSecondFactor: boolean;
  /** The organisation's ceilings on the session timeout. */
  ceilings: TimeoutCeilings;
  /** The page for which a form is parked, perhaps too long ago. */
  parkedFor: string | null;
  /** When the person's password ends or has ended, if it was made up for them. */
  passwordEndsAt: Date | null;
  person: Person;
};

const COLUMNS = `s.sid, s.id, s.sess, s.person_id as "personId", ${STAGE} as stage, ${ALIVE} as alive,
            ${IDLE_TIMEOUT} as "idleTimeout", i.absolute_lifetime as "absoluteLifetime",
            case when least(${IDLE_END}, ${ABSOLUTE_END}) > clock_timestamp() then null
                 when ${IDLE_END} < ${ABSOLUTE_END} then 'idle-timeout' else 'absolute-lifetime' end as "endedBy",
            extract(epoch from ${IDLE_END} - clock_timestamp())::float8 as "idleLeft",
            extract(epoch from ${ABSOLUTE_END} - clock_timestamp())::float8 as "lifetimeLeft",
            p.has_second_factor as "hasSecondFactor",
            json_build_object('longestSessionTimeout', i.longest_session_timeout,
              'longestSessionTimeoutAdministrators', i.longest_session_timeout_administrators) as ceilings,
            f.path as "parkedFor", p.password_ends_at as "passwordEndsAt",
            json_build_object('id', p.id, 'email', p.email, 'firstName', p.first_name, 'lastName', p.last_name,
                              'phoneNumber', p.phone_number, 'sessionTimeout', p.session_timeout, 'roles', p.roles,
                              'version', p.version) as person`;

// One person after the other by their index: a join makes Postgres read everybody where there are some hundreds.
const OF_THESE = `from sessions s cross join lateral (select * from people where id = s.person_id limit 1) p
       cross join installation i left join parked_forms f on f.sid = s.sid where s.sid = any(${listed(1, "text")})`;

/** A statement that finds sessions. */
export type Finding = { name: string; text: string };

const FIND: Finding = { name: "sessions", text: `select ${COLUMNS} ${OF_THESE}` };

/** Finds sessions as always, and with each what an SQL expression says of its person `p`, as `also`. */
export function findingAlso(name: string, expression: string): Finding {
  return { name, text: `select ${COLUMNS}, ${expression} as also ${OF_THESE}` };
}

/** Sessions by the hashes of their cookies, in the order asked for; also those that ended but are still remembered. */
export async function findSessions<Row extends SessionRow>(
  db: Pool,
  sids: string[],
  finding = FIND,
): Promise<(Row | undefined)[]> {
  const { rows } = await queryPrepared<Row>(db, finding, [sids]);
  const found = new Map(rows.map((row) => [row.sid, row]));
  return sids.map((sid) => found.get(sid));
}

/**
 * A touch counts as activity this many seconds ahead, and requests until so long after that need no other: the session
 * ends at most this much early or late, half as often written as with exact times.
 */
export const TOUCH_AHEAD_SECONDS = 0.75;

const TOUCH = {
  name: "touch-sessions",
  text: `update sessions s set last_active_at = clock_timestamp() + interval '${TOUCH_AHEAD_SECONDS} s'
    from people p, installation i
   where s.sid = any(array(
           select sid from sessions where sid = any(${listed(1, "text")}) for no key update skip locked))
     and p.id = s.person_id and ${ALIVE}`,
};

/** Counts requests as activity, 0.75 s ahead. An ended session stays ended; one being changed is left to whoever changes it. */
export async function touchSessions(db: Pool, sids: string[]): Promise<void> {
  await queryPrepared(db, TOUCH, [sids]);
}
