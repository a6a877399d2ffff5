import { addressBlock } from "../base/client";
import { isDatabaseAway } from "../base/database-away";
import { batched } from "../platform/batch";
import type { Queryable } from "../platform/database";
import { countFailures, type Throttle } from "../records/throttles";
import { throttleKey } from "./throttle";

/** A key that was not one: from where, and which account or key id it was meant for, as far as it says so. */
export type WrongKey = { address: string | null; account: string | undefined };

// Many at once are fine, programs try again by themselves; it is for a day of guessing that they have to wait.
const LIMIT = { most: 100, drainSeconds: 1 };

/**
 * Opens the count of wrong keys, by address and by account. Each call says how many seconds to wait from now on, 0 for
 * none. Calls of the same turn of the event loop are written together, so that a flood of them costs little.
 */
export function openWrongKeyCount(db: Queryable): (wrong: WrongKey) => Promise<number> {
  return batched((wrongs: WrongKey[]) => countTogether(db, wrongs), {
    most: 500,
    inFlight: 1,
    away: isDatabaseAway,
  });
}

async function countTogether(db: Queryable, wrongs: WrongKey[]): Promise<number[]> {
  const keys = wrongs.map(keysOf);
  const failures = new Map<string, Throttle & { tries: number }>();
  for (const key of keys.flat()) {
    failures.set(key, { ...LIMIT, key, tries: (failures.get(key)?.tries ?? 0) + 1 });
  }
  const seconds = await countFailures(db, [...failures.values()]);
  const waits = new Map([...failures.keys()].map((key, i) => [key, seconds[i] ?? 0]));
  return keys.map((mine) => Math.max(...mine.map((key) => waits.get(key) ?? 0)));
}

function keysOf({ address, account }: WrongKey): string[] {
  const keys = [throttleKey("key from", addressBlock(address))];
  if (account !== undefined) keys.push(throttleKey("key of", account.trim().normalize().toLowerCase()));
  return keys;
}
