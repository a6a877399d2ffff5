import type { Queryable } from "../platform/database";

/** An authenticator: confirmed, or pending in the session that enrols it. */
export type SecondFactor = { id: string; sealedSecret: Buffer };

/** How long a pending authenticator can be confirmed, in seconds. */
export const PENDING_SECONDS = 15 * 60;

/** What a person's authenticator secrets are sealed for: nobody else's row opens them. */
export function secondFactorPurpose(personId: string): string {
  return `second-factor:${personId}`;
}

const FRESH = `created_at > clock_timestamp() - make_interval(secs => ${PENDING_SECONDS})`;

/** The person's confirmed authenticator. */
export async function findSecondFactor(db: Queryable, personId: string): Promise<SecondFactor | undefined> {
  const { rows } = await db.query<SecondFactor>(
    `select id, sealed_secret as "sealedSecret" from second_factors where person_id = $1 and pending_in is null`,
    [personId],
  );
  return rows[0];
}

/**
 * The authenticator this session is enrolling: the one it already shows, so that the QR code stays the same, or the
 * given one when there is none or it has lapsed. Undefined when the session has ended meanwhile.
 */
export async function keepPending(
  db: Queryable,
  pending: { sid: string; personId: string; sealedSecret: Buffer },
): Promise<SecondFactor | undefined> {
  const { rows } = await db.query<SecondFactor>(
    `insert into second_factors as f (pending_in, person_id, sealed_secret)
     select s.sid, $2, $3 from sessions s where s.sid = $1 for key share
     on conflict (pending_in) do update set
       sealed_secret = case when f.${FRESH} then f.sealed_secret else excluded.sealed_secret end,
       last_step = case when f.${FRESH} then f.last_step else 0 end,
       created_at = case when f.${FRESH} then f.created_at else clock_timestamp() end
     returning id, sealed_secret as "sealedSecret"`,
    [pending.sid, pending.personId, pending.sealedSecret],
  );
  return rows[0];
}

/** The authenticator this session is enrolling, unless it has lapsed. */
export async function findPending(db: Queryable, sid: string): Promise<SecondFactor | undefined> {
  const { rows } = await db.query<SecondFactor>(
    `select id, sealed_secret as "sealedSecret" from second_factors where pending_in = $1 and ${FRESH}`,
    [sid],
  );
  return rows[0];
}

/**
 * Spends a time step: true for exactly one caller, ever, whatever the number of replicas. Sign-in, enrolment and
 * reset all accept a code by this one statement (RFC 6238 section 5.2: a code is accepted once).
 */
export async function spendStep(db: Queryable, secondFactorId: string, step: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `update second_factors set last_step = $2, wrong_codes = 0
      where id = $1 and last_step < $2 and not $2 = any(hinted_steps)`,
    [secondFactorId, step],
  );
  return rowCount === 1;
}

/**
 * Counts a code about to be looked at. Returns how many there were in a row with this one, or undefined, having counted
 * nothing, when there were `most` already. It must not stand in a transaction that can be rolled back.
 */
export async function countCodeTry(
  db: Queryable,
  secondFactorId: string,
  most: number,
): Promise<number | undefined> {
  const { rows } = await db.query<{ count: number }>(
    `update second_factors set wrong_codes = wrong_codes + 1
      where id = $1 and wrong_codes < $2 returning wrong_codes as count`,
    [secondFactorId, most],
  );
  return rows[0]?.count;
}

/** Takes back a code that was counted and was no guess. */
export async function giveBackCodeTry(db: Queryable, secondFactorId: string): Promise<void> {
  await db.query("update second_factors set wrong_codes = greatest(0, wrong_codes - 1) where id = $1", [
    secondFactorId,
  ]);
}

/** Begins the count of wrong codes anew, because a right one was given. */
export async function forgetWrongCodes(db: Queryable, secondFactorId: string): Promise<void> {
  await db.query("update second_factors set wrong_codes = 0 where id = $1", [secondFactorId]);
}

/** Removes the person's confirmed authenticator. False when there is none. */
export async function deleteSecondFactor(db: Queryable, personId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    "delete from second_factors where person_id = $1 and pending_in is null",
    [personId],
  );
  return rowCount === 1;
}

/** Makes a pending authenticator the person's own. */
export async function confirmPending(db: Queryable, secondFactorId: string): Promise<void> {
  await db.query("update second_factors set pending_in = null where id = $1", [secondFactorId]);
}

/** Drops what this session was enrolling. */
export async function dropPending(db: Queryable, sid: string): Promise<void> {
  await db.query("delete from second_factors where pending_in = $1", [sid]);
}
