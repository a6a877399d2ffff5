import { DatabaseError } from "pg";
import type { Person } from "../base/person";
import type { Queryable } from "../platform/database";
import type { Passwords } from "../platform/passwords";

/** What the profile form saves. */
export type ProfileFields = Pick<Person, "firstName" | "lastName" | "phoneNumber" | "sessionTimeout">;

const COLUMNS = `id, email, first_name as "firstName", last_name as "lastName", phone_number as "phoneNumber",
  session_timeout as "sessionTimeout", roles, version`;

/** An active person by id. */
export async function findPerson(db: Queryable, id: string): Promise<Person | undefined> {
  const { rows } = await db.query<Person>(
    `select ${COLUMNS} from people where id = $1 and deactivated_at is null`,
    [id],
  );
  return rows[0];
}

/** A person by id, also a deactivated one. */
export async function findAnyPerson(
  db: Queryable,
  id: string,
): Promise<(Person & { deactivatedAt: Date | null }) | undefined> {
  const { rows } = await db.query<Person & { deactivatedAt: Date | null }>(
    `select ${COLUMNS}, deactivated_at as "deactivatedAt" from people where id = $1`,
    [id],
  );
  return rows[0];
}

/** An active person by id, locked until the transaction ends, so that changes to them happen one after another. */
export async function lockPerson(db: Queryable, id: string): Promise<Person | undefined> {
  const { rows } = await db.query<Person>(
    `select ${COLUMNS} from people where id = $1 and deactivated_at is null for no key update`,
    [id],
  );
  return rows[0];
}

/** An active person as they sign in: `passwordLapsed` when theirs was made up for them, and has ended. */
export type SigningIn = Person & { passwordHash: string; passwordLapsed: boolean };

/** An active person and their password's hash, by email in any case. */
export async function findPersonByEmail(db: Queryable, email: string): Promise<SigningIn | undefined> {
  const { rows } = await db.query<SigningIn>(
    `select ${COLUMNS}, password_hash as "passwordHash",
            coalesce(password_ends_at <= clock_timestamp(), false) as "passwordLapsed"
       from people where lower(email) = lower($1) and deactivated_at is null`,
    [email],
  );
  return rows[0];
}

/** The hash of an active person's password. */
export async function findPasswordHash(db: Queryable, id: string): Promise<string | undefined> {
  const { rows } = await db.query<{ passwordHash: string }>(
    `select password_hash as "passwordHash" from people where id = $1 and deactivated_at is null`,
    [id],
  );
  return rows[0]?.passwordHash;
}

/** True when the person chose to go on without two-factor authentication. */
export async function hasPutOffTwoFactor(db: Queryable, id: string): Promise<boolean> {
  const { rows } = await db.query("select from people where id = $1 and two_factor_put_off_at is not null", [
    id,
  ]);
  return rows.length === 1;
}

/** Remembers that the person chose to go on without two-factor authentication. */
export async function putOffTwoFactor(db: Queryable, id: string): Promise<void> {
  await db.query("update people set two_factor_put_off_at = now() where id = $1", [id]);
}

/** Replaces a person's password, if its hash is still the one that was checked. False when it has changed since. */
export async function replacePasswordHash(
  db: Queryable,
  id: string,
  oldHash: string,
  newHash: string,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update people set password_hash = $3, password_ends_at = null
      where id = $1 and password_hash = $2 and deactivated_at is null`,
    [id, oldHash, newHash],
  );
  return rowCount === 1;
}

/**
 * The hash that is stored for a person's password, where the typed one is right; otherwise undefined, for a stranger (no
 * `found`) after the same time. A hash of a lower cost than the present one is made anew on the way. Throws the Refusal
 * of `Passwords`.
 */
export async function verifyPassword(
  db: Queryable,
  passwords: Passwords,
  typed: string,
  found: { id: string; passwordHash: string | undefined } | undefined,
  known = true,
): Promise<string | undefined> {
  const hash = found?.passwordHash;
  if (!(await passwords.matches(typed, hash, known)) || !found || hash === undefined) return undefined;
  const stronger = await passwords.strengthen(typed, hash);
  if (stronger === undefined) return hash;
  const { rowCount } = await db.query(
    "update people set password_hash = $3 where id = $1 and password_hash = $2 and deactivated_at is null",
    [found.id, hash, stronger],
  );
  if (rowCount === 1) return stronger;
  // Replaced meanwhile: made anew elsewhere, or by another password, which wins.
  const present = await findPasswordHash(db, found.id);
  return (await passwords.matches(typed, present, known)) ? present : undefined;
}

/** Sets a person's password. */
export async function setPasswordHash(db: Queryable, id: string, hash: string): Promise<void> {
  await db.query("update people set password_hash = $2, password_ends_at = null where id = $1", [id, hash]);
}

/** True when an account, active or not, has this email in any case. */
export async function isEmailTaken(db: Queryable, email: string): Promise<boolean> {
  const { rows } = await db.query("select from people where lower(email) = lower($1)", [email]);
  return rows.length > 0;
}

/** Changes a person's email; false, having changed nothing, when another account has it. Call it in a transaction. */
export async function changeEmail(db: Queryable, id: string, email: string): Promise<boolean> {
  await db.query("savepoint email");
  try {
    await db.query("update people set email = $2 where id = $1", [id, email]);
    return true;
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.constraint !== "people_email") throw error;
    await db.query("rollback to savepoint email");
    return false;
  }
}

/** Adds a person and returns their id; undefined when the email is taken, also by somebody deactivated. */
export async function insertPerson(
  db: Queryable,
  person: Pick<Person, "email" | "firstName" | "lastName" | "roles"> & {
    passwordHash: string;
    /** How long a password lasts that was made up; one that was chosen has no end. */
    passwordSeconds?: number | undefined;
  },
): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>(
    `insert into people (email, first_name, last_name, roles, password_hash, password_ends_at)
     values ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6))
     on conflict (lower(email)) do nothing returning id`,
    [
      person.email,
      person.firstName,
      person.lastName,
      person.roles,
      person.passwordHash,
      person.passwordSeconds ?? null,
    ],
  );
  return rows[0]?.id;
}

/** The account with this email in any case, deactivated or not. */
export async function findAccount(
  db: Queryable,
  email: string,
): Promise<{ id: string; active: boolean } | undefined> {
  const { rows } = await db.query<{ id: string; active: boolean }>(
    "select id, deactivated_at is null as active from people where lower(email) = lower($1)",
    [email],
  );
  return rows[0];
}

/** Saves the profile if it is still at `version`. False when it has been saved since. */
export async function updateProfile(
  db: Queryable,
  id: string,
  version: number,
  profile: ProfileFields,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update people set first_name = $3, last_name = $4, phone_number = $5, session_timeout = $6,
            version = version + 1
      where id = $1 and version = $2 and deactivated_at is null`,
    [id, version, profile.firstName, profile.lastName, profile.phoneNumber, profile.sessionTimeout],
  );
  return rowCount === 1;
}
