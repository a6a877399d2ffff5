import type { Queryable } from "../platform/database";

/** A trigger that lets a table only grow. */
export type TrailGuard = { table: string; trigger: string };

/** The triggers that keep entries of the trail and of its chain from being changed, as far as they are missing or off. */
export async function listMissingTrailGuards(db: Queryable): Promise<TrailGuard[]> {
  const { rows } = await db.query<TrailGuard>(
    `select "table", trigger
       from (values ('trail', 'trail_only_grows'), ('trail_chain', 'trail_chain_only_grows')) guards ("table", trigger)
      where not exists (
        select from pg_trigger t
         where t.tgrelid = to_regclass("table") and t.tgname = trigger and t.tgenabled in ('O', 'A'))`,
  );
  return rows;
}
