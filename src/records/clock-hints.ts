import type { Queryable } from "../platform/database";
import { describeClock, STEP_SECONDS, stepOfWrongClock } from "../platform/one-time-code";

// Whoever is told that a code is right for another time must not be able to wait for that time.
const KEPT_STEPS = 60;

/**
 * What to say of a wrong code that is right for a clock that is off: how far. It is never accepted from then on.
 * "used" when it was accepted in its time, "wrong" for any other code.
 */
export async function hintAtClock(
  db: Queryable,
  secondFactorId: string,
  secret: string,
  code: string,
  now: Date,
): Promise<{ clock: string } | "used" | "wrong"> {
  const step = stepOfWrongClock(secret, code, now);
  if (step === undefined) return "wrong";
  const oldest = Math.floor(now.getTime() / 1000 / STEP_SECONDS) - KEPT_STEPS;
  const { rowCount } = await db.query(
    `update second_factors
        set hinted_steps = array(select s from unnest(hinted_steps) s where s >= $3 and s <> $2) || $2::bigint
      where id = $1 and last_step < $2`,
    [secondFactorId, step, oldest],
  );
  return rowCount === 1 ? { clock: describeClock(step, now) } : "used";
}
