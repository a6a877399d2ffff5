import type { Pool } from "pg";
import { isDatabaseAway } from "../base/database-away";
import { batched } from "../platform/batch";
import { readWaysIn, type WaysIn, type WaysInInJson, waysInOf } from "../records/api-keys/ways-in";
import {
  findingAlso,
  findSessions,
  type SessionRow,
  TOUCH_AHEAD_SECONDS,
  touchSessions,
} from "../records/sessions/lookups";

/** A session as a request finds it. */
export type FoundSession = SessionRow & {
  /** Where it was asked for: how the person gets in but by password. */
  waysIn?: WaysIn;
};

/** Sessions as requests find them, many at once, by the hash of the cookie's value. */
export type LiveSessions = {
  /** Also one that has ended but is still remembered, which is not `alive`. Asks the database every time. */
  find(sid: string): Promise<FoundSession | undefined>;
  /** The same with `waysIn`, which the profile page shows: a second question would cost as much as the first. */
  findWithWaysIn(sid: string): Promise<FoundSession | undefined>;
  /** Counts a request as activity. */
  touch(sid: string): Promise<void>;
};

/** The latest callers of a key on its owner's page; the pages about the key show more. */
export const CALLERS_SHOWN = 20;

const WITH_WAYS_IN = findingAlso("sessions-with-ways-in", waysInOf("person", "p.id", CALLERS_SHOWN));

const TOGETHER = { most: 500, away: isDatabaseAway };

/** Opens them on connections that no transaction holds up. */
export function openLiveSessions(lookups: Pool): LiveSessions {
  return {
    find: batched((sids: string[]) => findSessions(lookups, sids), { inFlight: 2, ...TOGETHER }),
    findWithWaysIn: batched((sids: string[]) => findWithWaysIn(lookups, sids), { inFlight: 2, ...TOGETHER }),
    touch: batched(
      async (sids: string[]) => {
        await touchSessions(lookups, sids);
        return sids.map(() => undefined);
      },
      { inFlight: 1, ...TOGETHER },
    ),
  };
}

async function findWithWaysIn(lookups: Pool, sids: string[]): Promise<(FoundSession | undefined)[]> {
  const rows = await findSessions<FoundSession & { also: WaysInInJson }>(lookups, sids, WITH_WAYS_IN);
  for (const row of rows) if (row) row.waysIn = readWaysIn(row.also);
  return rows;
}

/** False where the last activity that was counted reaches past this request: see TOUCH_AHEAD_SECONDS. */
export function isTouchDue({ idleTimeout = 0, idleLeft = 0 }: Partial<SessionRow>): boolean {
  return idleTimeout - idleLeft >= TOUCH_AHEAD_SECONDS;
}
