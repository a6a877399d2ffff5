import type { Queryable } from "../platform/database";

/** How long a program that says nothing counts as running, in seconds: three of its reports. */
export const SILENT_SECONDS = 30;

/** Notes that a program runs, and which secret it seals with. */
export async function reportReplica(db: Queryable, id: string, sealsWith: string): Promise<void> {
  await db.query(
    `insert into replicas (id, seals_with) values ($1, $2)
     on conflict (id) do update set seals_with = $2, seen_at = clock_timestamp()`,
    [id, sealsWith],
  );
}

/** Notes that a program has stopped. */
export async function dropReplica(db: Queryable, id: string): Promise<void> {
  await db.query("delete from replicas where id = $1", [id]);
}

/** How many programs run that seal with another secret than this one. */
export async function countOtherSealers(db: Queryable, sealsWith: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from replicas
      where seals_with <> $1 and seen_at > clock_timestamp() - make_interval(secs => ${SILENT_SECONDS})`,
    [sealsWith],
  );
  return rows[0]?.count ?? 0;
}

/** How many programs run on this database. */
export async function countReplicas(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from replicas
      where seen_at > clock_timestamp() - make_interval(secs => ${SILENT_SECONDS})`,
  );
  return rows[0]?.count ?? 0;
}

/** Forgets programs that were killed. */
export async function forgetSilentReplicas(db: Queryable): Promise<void> {
  await db.query("delete from replicas where seen_at < clock_timestamp() - interval '1 day'");
}
