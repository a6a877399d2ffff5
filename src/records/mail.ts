import type { Letter } from "../base/letter";
import type { Queryable } from "../platform/database";
import type { Seal } from "../platform/seal";

/** What letters are sealed for. */
export const LETTER_PURPOSE = "letter";

/** How long a claimed letter is left alone, in seconds: longer than sending one can take. */
export const CLAIM_SECONDS = 180;

/** A letter that is due, claimed by one replica; `attempts` counts this one too and names the claim. */
export type DueMail = {
  id: string;
  recipient: string;
  sealedLetter: Buffer;
  attempts: number;
  createdAt: Date;
};

// Whoever makes key after key would otherwise hold up everybody else's letters.
const WAITING_AT_ONCE = 20;
const FURTHER_APART_SECONDS = 3;

/**
 * Queues a letter in the transaction of the change it tells of; it is sent after that has committed, and where more than
 * twenty wait for the same recipient, three seconds later for each.
 */
export async function queueLetter(
  db: Queryable,
  seal: Seal,
  recipient: string,
  letter: Letter,
): Promise<void> {
  const sealed = seal.close(Buffer.from(JSON.stringify(letter)), LETTER_PURPOSE);
  await db.query(
    `insert into mail (recipient, sealed_letter, next_attempt_at)
     select $1, $2, now() + greatest(0, count(*) - ${WAITING_AT_ONCE} + 1) * interval '${FURTHER_APART_SECONDS} seconds'
       from mail where recipient = $1 and sent_at is null and given_up_at is null`,
    [recipient, sealed],
  );
}

/** Opens a queued letter. Throws SealBroken. */
export function openLetter(seal: Seal, sealed: Buffer): Letter {
  return JSON.parse(seal.open(sealed, LETTER_PURPOSE).toString());
}

/**
 * Claims at most `most` letters that are due. A claim is a lease, not a lock: nothing in the database is held while a
 * mail server takes its time, and the letters of a replica that died come up again.
 */
export async function claimDueMail(db: Queryable, most: number): Promise<DueMail[]> {
  const { rows } = await db.query<DueMail>(
    `with due as materialized (
       select id from mail where next_attempt_at <= now() and sent_at is null and given_up_at is null
        order by next_attempt_at limit $1 for update skip locked)
     update mail m set attempts = m.attempts + 1, next_attempt_at = now() + make_interval(secs => ${CLAIM_SECONDS})
       from due where m.id = due.id
     returning m.id, m.recipient, m.sealed_letter as "sealedLetter", m.attempts, m.created_at as "createdAt"`,
    [most],
  );
  return rows;
}

/** Marks a letter as sent and drops its words. */
export async function markSent(db: Queryable, id: string): Promise<void> {
  await db.query(
    "update mail set sent_at = now(), sealed_letter = null, last_error = null where id = $1 and sent_at is null",
    [id],
  );
}

/**
 * Puts a letter back for another attempt after `pauseSeconds`, the last one three days after it was written; then it
 * is given up. Changes nothing when the claim has passed to another replica.
 */
export async function postponeMail(
  db: Queryable,
  mail: DueMail,
  pauseSeconds: number,
  problem: string,
): Promise<"postponed" | "given-up" | "not-ours"> {
  const { rows } = await db.query<{ givenUp: boolean }>(
    `update mail set last_error = $3,
            next_attempt_at = least(now() + make_interval(secs => $4), created_at + interval '3 days'),
            given_up_at = case when now() >= created_at + interval '3 days' then now() end,
            sealed_letter = case when now() >= created_at + interval '3 days' then null else sealed_letter end
      where id = $1 and attempts = $2 and sent_at is null and given_up_at is null
     returning given_up_at is not null as "givenUp"`,
    [mail.id, mail.attempts, problem, pauseSeconds],
  );
  const [row] = rows;
  if (!row) return "not-ours";
  return row.givenUp ? "given-up" : "postponed";
}

/** Gives a letter up at once and drops its words; the row says why. */
export async function giveUpMail(db: Queryable, mail: DueMail, problem: string): Promise<void> {
  await db.query(
    `update mail set given_up_at = now(), sealed_letter = null, last_error = $3
      where id = $1 and attempts = $2 and sent_at is null and given_up_at is null`,
    [mail.id, mail.attempts, problem],
  );
}

/** Forgets letters that were sent, or given up, more than 30 days ago. Returns how many. */
export async function forgetOldMail(db: Queryable): Promise<number> {
  const { rowCount } = await db.query(
    "delete from mail where coalesce(sent_at, given_up_at) < now() - interval '30 days'",
  );
  return rowCount ?? 0;
}

/** Letters that wait, for how many seconds the oldest has (0 without one), and those given up within 30 days. */
export async function countMail(
  db: Queryable,
): Promise<{ waiting: number; oldestSeconds: number; givenUp: number }> {
  const { rows } = await db.query<{ waiting: number; oldestSeconds: number; givenUp: number }>(
    `select w.waiting, w.seconds as "oldestSeconds",
            (select count(*)::float8 from mail where given_up_at > now() - interval '30 days') as "givenUp"
       from (select count(*)::float8 as waiting,
                    coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as seconds
               from mail where sent_at is null and given_up_at is null) w`,
  );
  const [row] = rows;
  if (!row) throw new Error("Counting gave no row");
  return row;
}
