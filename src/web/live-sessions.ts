import type { Pool } from "pg";
import { isDatabaseAway } from "../base/database-away";
import { batched } from "../platform/batch";
import {
  findSessions,
  type SessionRow,
  TOUCH_AHEAD_SECONDS,
  touchSessions,
} from "../records/sessions/lookups";

/** Sessions as requests find them, many at once, by the hash of the cookie's value. */
export type LiveSessions = {
  /** Also one that has ended but is still remembered, which is not `alive`. Asks the database every time. */
  find(sid: string): Promise<SessionRow | undefined>;
  /** Counts a request as activity. */
  touch(sid: string): Promise<void>;
};

const TOGETHER = { most: 500, away: isDatabaseAway };

/** Opens them on connections that no transaction holds up. */
export function openLiveSessions(lookups: Pool): LiveSessions {
  return {
    find: batched((sids: string[]) => findSessions(lookups, sids), { inFlight: 2, ...TOGETHER }),
    touch: batched(
      async (sids: string[]) => {
        await touchSessions(lookups, sids);
        return sids.map(() => undefined);
      },
      { inFlight: 1, ...TOGETHER },
    ),
  };
}

/** False where the last activity that was counted reaches past this request: see TOUCH_AHEAD_SECONDS. */
export function isTouchDue({ idleTimeout = 0, idleLeft = 0 }: Partial<SessionRow>): boolean {
  return idleTimeout - idleLeft >= TOUCH_AHEAD_SECONDS;
}
