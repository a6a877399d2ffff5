import { DatabaseError } from "pg";
import type { Queryable } from "../platform/database";

/** An account that is not a person. */
export type ServiceAccount = {
  id: string;
  /** In place of the email in HTTP Basic. */
  name: string;
  purpose: string;
  roles: string[];
  responsibleId: string;
  responsibleEmail: string;
  responsibleName: string;
  deactivatedAt: Date | null;
  createdAt: Date;
  /** Raised by each change; a form that carries an older number is stale. */
  version: number;
};

/** What the form of a service account saves. */
export type ServiceAccountFields = Pick<ServiceAccount, "name" | "purpose" | "roles" | "responsibleId">;

const SELECT = `select s.id, s.name, s.purpose, s.roles, s.responsible_id as "responsibleId",
    p.email as "responsibleEmail", p.first_name || ' ' || p.last_name as "responsibleName",
    s.deactivated_at as "deactivatedAt", s.created_at as "createdAt", s.version
  from service_accounts s join people p on p.id = s.responsible_id`;

/** A service account by id, also a deactivated one. */
export async function findServiceAccount(db: Queryable, id: string): Promise<ServiceAccount | undefined> {
  const { rows } = await db.query<ServiceAccount>(`${SELECT} where s.id = $1`, [id]);
  return rows[0];
}

/** A service account by id, locked until the transaction ends, so that changes to it happen one after another. */
export async function lockServiceAccount(db: Queryable, id: string): Promise<ServiceAccount | undefined> {
  const { rows } = await db.query<ServiceAccount>(`${SELECT} where s.id = $1 for no key update of s`, [id]);
  return rows[0];
}

/** At most `most` service accounts by name, beginning after the name `after`. */
export async function listServiceAccounts(
  db: Queryable,
  after: string,
  most: number,
): Promise<ServiceAccount[]> {
  const { rows } = await db.query<ServiceAccount>(
    `${SELECT} where lower(s.name) > lower($1) order by lower(s.name) limit $2`,
    [after, most],
  );
  return rows;
}

/** Adds a service account and returns its id; undefined when its name is taken, in any case of letters. */
export async function insertServiceAccount(
  db: Queryable,
  account: ServiceAccountFields,
): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>(
    `insert into service_accounts (name, purpose, roles, responsible_id) values ($1, $2, $3, $4)
     on conflict (lower(name)) do nothing returning id`,
    [account.name, account.purpose, account.roles, account.responsibleId],
  );
  return rows[0]?.id;
}

/** Saves a service account if it is still at `version` and its name is free. Call it in a transaction. */
export async function updateServiceAccount(
  db: Queryable,
  id: string,
  version: number,
  account: ServiceAccountFields,
): Promise<"saved" | "stale" | "name-taken"> {
  await db.query("savepoint service_account");
  try {
    const { rowCount } = await db.query(
      `update service_accounts set name = $3, purpose = $4, roles = $5, responsible_id = $6, version = version + 1
        where id = $1 and version = $2`,
      [id, version, account.name, account.purpose, account.roles, account.responsibleId],
    );
    return rowCount === 1 ? "saved" : "stale";
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.constraint !== "service_accounts_name") throw error;
    await db.query("rollback to savepoint service_account");
    return "name-taken";
  }
}

/** Deactivates a service account: its key is refused from now on. False when it was not active. */
export async function deactivateServiceAccount(db: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await db.query(
    "update service_accounts set deactivated_at = clock_timestamp() where id = $1 and deactivated_at is null",
    [id],
  );
  return rowCount === 1;
}

/** Reactivates a service account. False when it was not deactivated. */
export async function reactivateServiceAccount(db: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await db.query(
    "update service_accounts set deactivated_at = null where id = $1 and deactivated_at is not null",
    [id],
  );
  return rowCount === 1;
}

/** The service accounts, active or not, this person is responsible for, by name. */
export async function listServiceAccountsOf(
  db: Queryable,
  personId: string,
): Promise<Pick<ServiceAccount, "id" | "name">[]> {
  const { rows } = await db.query<Pick<ServiceAccount, "id" | "name">>(
    "select id, name from service_accounts where responsible_id = $1 order by lower(name)",
    [personId],
  );
  return rows;
}

/** Hands all service accounts of one person to another, and returns them. */
export async function reassignServiceAccounts(
  db: Queryable,
  fromPersonId: string,
  toPersonId: string,
): Promise<Pick<ServiceAccount, "id" | "name">[]> {
  const { rows } = await db.query<Pick<ServiceAccount, "id" | "name">>(
    // Locked in the order of their ids, as everything that changes several of them does.
    `with old as (select id from service_accounts where responsible_id = $1 order by id for no key update)
     update service_accounts s set responsible_id = $2, version = version + 1 from old where s.id = old.id
     returning s.id, s.name`,
    [fromPersonId, toPersonId],
  );
  return rows;
}

/** Takes a role off every service account that has it. Returns which had which roles, and which they have now. */
export async function takeRoleFromServiceAccounts(
  db: Queryable,
  role: string,
): Promise<{ id: string; from: string[]; to: string[] }[]> {
  const { rows } = await db.query<{ id: string; from: string[]; to: string[] }>(
    `with old as (select id, roles from service_accounts where $1 = any(roles) order by id for no key update)
     update service_accounts s set roles = array_remove(s.roles, $1), version = version + 1
       from old where s.id = old.id returning s.id, old.roles as "from", s.roles as "to"`,
    [role],
  );
  return rows;
}

/** How many service accounts, active or not, have a role. */
export async function countServiceAccountsWithRole(db: Queryable, role: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    "select count(*)::int as count from service_accounts where $1 = any(roles)",
    [role],
  );
  return rows[0]?.count ?? 0;
}
