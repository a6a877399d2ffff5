import type { KeyOwner } from "../base/key-owner";
import type { ApiKey } from "../records/api-keys/api-keys";
import { listCallersOfEndedKeys } from "../records/api-keys/callers";
import { findWaysIn, type WaysIn } from "../records/api-keys/ways-in";
import type { Desk } from "./desk";
import { CALLERS_SHOWN } from "./live-sessions";

/**
 * What an owner's page shows: the live key and its callers, who used those that have ended, and how many recovery codes are
 * left. `foreseen` is what was found with the session; it is asked for anew where calls with that key are yet to be written.
 */
export async function describeWaysIn(desk: Desk, owner: KeyOwner, foreseen?: WaysIn) {
  const isWhole = foreseen && !desk.calls.hasUnwritten(foreseen.live?.id);
  const {
    live: apiKey,
    callers,
    ended: endedKey,
    recoveryCodesLeft,
  } = isWhole ? foreseen : await find(desk, owner);
  const endedCallers = endedKey ? await findEndedCallers(desk, owner, endedKey) : [];
  return { apiKey, callers, endedKey, endedCallers, recoveryCodesLeft };
}

async function find({ db, calls }: Desk, owner: KeyOwner): Promise<WaysIn> {
  await calls.flush();
  return findWaysIn(db, owner, CALLERS_SHOWN);
}

async function findEndedCallers({ db, calls }: Desk, owner: KeyOwner, endedKey: ApiKey) {
  await calls.flush();
  return listCallersOfEndedKeys(db, owner, endedKey, CALLERS_SHOWN);
}
