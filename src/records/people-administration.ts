import type { Queryable } from "../platform/database";

/** Whose roles have changed, from which to which. */
export type RolesChanged = { id: string; from: string[]; to: string[] };

// Only in a transaction that holds the lock on administrators is this still true when it commits.
const ANOTHER_ADMINISTRATOR = `exists (select from people o
  where o.id <> p.id and 'administrator' = any(o.roles) and o.deactivated_at is null)`;

/**
 * Replaces an active person's roles if they are still the given ones. False when they have changed since, or when it
 * would leave no administrator; call it holding the lock on administrators.
 */
export async function replaceRoles(
  db: Queryable,
  id: string,
  oldRoles: string[],
  newRoles: string[],
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update people p set roles = $3 where id = $1 and roles = $2 and deactivated_at is null
        and ('administrator' = any($3::text[]) or not 'administrator' = any(roles) or ${ANOTHER_ADMINISTRATOR})`,
    [id, oldRoles, newRoles],
  );
  return rowCount === 1;
}

/** Deactivates an active person, unless they are the last administrator; call it holding the lock on administrators. */
export async function deactivatePerson(db: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update people p set deactivated_at = clock_timestamp() where id = $1 and deactivated_at is null
        and (not 'administrator' = any(roles) or ${ANOTHER_ADMINISTRATOR})`,
    [id],
  );
  return rowCount === 1;
}

/** Reactivates a person. False when they were active. */
export async function reactivatePerson(db: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await db.query(
    "update people set deactivated_at = null where id = $1 and deactivated_at is not null",
    [id],
  );
  return rowCount === 1;
}

/** Forgets that a person chose to go on without two-factor authentication. */
export async function forgetPutOff(db: Queryable, id: string): Promise<void> {
  await db.query("update people set two_factor_put_off_at = null where id = $1", [id]);
}

/** Takes a role off everybody who has it; who has no other becomes a member. Returns whose roles were and are what. */
export async function takeRoleFromPeople(db: Queryable, role: string): Promise<RolesChanged[]> {
  const { rows } = await db.query<RolesChanged>(
    // Locked in the order of their ids, as everything that changes several people does.
    `with old as (select id, roles from people where $1 = any(roles) order by id for no key update)
     update people p set roles = coalesce(nullif(array_remove(p.roles, $1), '{}'), '{member}')
       from old where p.id = old.id returning p.id, old.roles as "from", p.roles as "to"`,
    [role],
  );
  return rows;
}

/** How many people, active or not, have a role. */
export async function countPeopleWithRole(db: Queryable, role: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    "select count(*)::int as count from people where $1 = any(roles)",
    [role],
  );
  return rows[0]?.count ?? 0;
}
