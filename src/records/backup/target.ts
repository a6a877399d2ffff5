import type { Queryable } from "../../platform/database";
import { BACKED_UP } from "./tables";

/** True when somebody has ever used this database: it has been set up, or has rows that a backup would hold. */
export async function isInhabited(db: Queryable): Promise<boolean> {
  const { rows: there } = await db.query<{ name: string }>(
    "select name from unnest($1::text[]) name where to_regclass(name) is not null",
    [BACKED_UP],
  );
  const asked = there.map(({ name }) =>
    name === "installation"
      ? "exists (select from installation where set_up_at is not null)"
      : `exists (select from ${name})`,
  );
  if (asked.length === 0) return false;
  const { rows } = await db.query<{ inhabited: boolean }>(`select ${asked.join(" or ")} as inhabited`);
  return rows[0]?.inhabited !== false;
}

/** How many others are connected to this database. */
export async function countOtherConnections(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and usesysid is not null
        and coalesce(backend_type, 'client backend') = 'client backend'`,
  );
  return rows[0]?.count ?? 0;
}

/** Takes the row of a new installation away, and keeps everybody from setting it up until this transaction ends. */
export async function takeInstallationAway(tx: Queryable): Promise<void> {
  await tx.query("lock table installation in access exclusive mode");
  await tx.query("delete from installation");
}

/** Lets the numbers that tables give their rows go on after the highest there is. */
export async function continueNumbers(tx: Queryable): Promise<void> {
  const { rows: numbered } = await tx.query<{ name: string; column: string }>(
    `select n.name, a.attname as column
       from unnest($1::text[]) n(name) join pg_attribute a on a.attrelid = to_regclass(n.name)
      where a.attidentity <> ''`,
    [BACKED_UP],
  );
  for (const { name, column } of numbered) {
    const { rows } = await tx.query<{ next: string }>(
      `select coalesce(max("${column}"), 0) + 1 as next from ${name}`,
    );
    // Unlike setval, this is undone with the transaction.
    await tx.query(`alter table ${name} alter column "${column}" restart with ${rows[0]?.next}`);
  }
}

/** Lets Postgres look at what there is now, to plan with. */
export async function analyzeTables(db: Queryable): Promise<void> {
  await db.query(`analyze ${BACKED_UP.join(", ")}`);
}
