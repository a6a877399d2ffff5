import type { Queryable } from "../../platform/database";
import { ALIVE, STAGE } from "./conditions";
import type { SessionStage } from "./lookups";

/** How many sessions are alive at each stage; reads the whole table. */
export async function countLiveSessions(db: Queryable): Promise<Record<SessionStage, number>> {
  const { rows } = await db.query<{ stage: SessionStage; sessions: number }>(
    `select ${STAGE} as stage, count(*)::float8 as sessions
       from sessions s join people p on p.id = s.person_id cross join installation i
      where ${ALIVE} group by 1`,
  );
  const counted = { code: 0, enrolment: 0, "signed-in": 0 };
  for (const { stage, sessions } of rows) counted[stage] = sessions;
  return counted;
}
