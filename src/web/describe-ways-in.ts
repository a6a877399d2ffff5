import type { KeyOwner } from "../base/key-owner";
import { listCallersOfEndedKeys } from "../records/api-keys/callers";
import { findWaysIn, type WaysIn } from "../records/api-keys/ways-in";
import type { Desk } from "./desk";
import { CALLERS_SHOWN } from "./live-sessions";

/**
 * What an owner's page shows: the live key and its callers, who used those that have ended, and how many recovery codes are
 * left. `foreseen` is what was found with the session, if it was.
 */
export async function describeWaysIn(desk: Desk, owner: KeyOwner, foreseen?: WaysIn) {
  const { live: apiKey, callers, ended: endedKey, recoveryCodesLeft } = foreseen ?? (await find(desk, owner));
  const endedCallers = endedKey ? await listCallersOfEndedKeys(desk.db, owner, endedKey, CALLERS_SHOWN) : [];
  return { apiKey, callers, endedKey, endedCallers, recoveryCodesLeft };
}

async function find({ lookups, calls }: Desk, owner: KeyOwner): Promise<WaysIn> {
  await calls.flush();
  return findWaysIn(lookups, owner, CALLERS_SHOWN);
}
