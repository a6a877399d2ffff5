import { setTimeout as sleep } from "node:timers/promises";
import type { Queryable } from "../../src/platform/database";

/** Waits until something holds that happens by itself; throws after `patience` milliseconds. */
export async function until(what: string, holds: () => unknown, patience = 15_000): Promise<void> {
  for (const began = Date.now(); !(await holds()); await sleep(20)) {
    if (Date.now() - began > patience) throw new Error(`Waited in vain until ${what}`);
  }
}

/** Waits until so many statements on this database wait for a lock: until the requests just sent have come that far. */
export async function untilBlocked(db: Queryable, statements = 1): Promise<void> {
  await until(`statements wait for a lock, ${statements} of them`, async () => {
    const { rowCount } = await db.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return (rowCount ?? 0) >= statements;
  });
}
