import { setTimeout as sleep } from "node:timers/promises";

/** Waits until something holds that happens by itself; throws after `patience` milliseconds. */
export async function until(what: string, holds: () => unknown, patience = 15_000): Promise<void> {
  for (const began = Date.now(); !(await holds()); await sleep(20)) {
    if (Date.now() - began > patience) throw new Error(`Waited in vain until ${what}`);
  }
}
