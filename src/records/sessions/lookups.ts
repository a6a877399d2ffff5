import type { Pool } from "pg";
import type { Person } from "../../base/person";
import type { TimeoutCeilings } from "../../base/session-timeout";
import { queryPrepared } from "../../platform/prepared";
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

const FIND = {
  name: "sessions",
  text: `select s.sid, s.id, s.sess, s.person_id as "personId", ${STAGE} as stage, ${ALIVE} as alive,
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

/**
 * A touch counts as activity this many seconds ahead, and requests until so long after that need no other: the session
 * ends at most this much early or late, half as often written as with exact times.
 */
export const TOUCH_AHEAD_SECONDS = 0.75;

const TOUCH = {
  name: "touch-sessions",
  text: `update sessions s set last_active_at = clock_timestamp() + interval '${TOUCH_AHEAD_SECONDS} s'
    from people p, installation i
   where s.sid in (select sid from sessions where sid = any($1) for no key update skip locked)
     and p.id = s.person_id and ${ALIVE}`,
};

/** Counts requests as activity, 0.75 s ahead. An ended session stays ended; one being changed is left to whoever changes it. */
export async function touchSessions(db: Pool, sids: string[]): Promise<void> {
  await queryPrepared(db, TOUCH, [sids]);
}
