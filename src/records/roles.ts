import type { Queryable } from "../platform/database";

/** The role names an administrator has defined for the operator's own applications, in alphabetical order. */
export async function listRoles(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>("select name from roles order by lower(name), name");
  return rows.map((row) => row.name);
}

/** Adds a role name. False when there is one already, in any case of letters. */
export async function insertRole(db: Queryable, name: string): Promise<boolean> {
  const { rowCount } = await db.query("insert into roles (name) values ($1) on conflict do nothing", [name]);
  return rowCount === 1;
}

/** The role name that is this one, in any case of letters, as it is spelt. */
export async function findRole(db: Queryable, name: string): Promise<string | undefined> {
  const { rows } = await db.query<{ name: string }>("select name from roles where lower(name) = lower($1)", [
    name,
  ]);
  return rows[0]?.name;
}

/** Deletes a role name. False when there is none. */
export async function deleteRole(db: Queryable, name: string): Promise<boolean> {
  const { rowCount } = await db.query("delete from roles where name = $1", [name]);
  return rowCount === 1;
}

/** True when all these role names exist; they stay until the transaction ends. */
export async function keepRoles(db: Queryable, names: readonly string[]): Promise<boolean> {
  const { rowCount } = await db.query("select from roles where name = any($1) order by name for key share", [
    names,
  ]);
  return rowCount === names.length;
}
