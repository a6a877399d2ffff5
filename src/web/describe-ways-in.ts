import type { KeyOwner } from "../base/key-owner";
import { listCallersOfEndedKeys } from "../records/api-keys/callers";
import { CALLERS_SHOWN, type Desk } from "./desk";

/**
 * What an owner's page shows: the live key and its callers, who used those that have ended, and how many recovery codes are
 * left.
 */
export async function describeWaysIn({ db, calls, findWaysIn }: Desk, owner: KeyOwner) {
  await calls.flush();
  const { live: apiKey, callers, ended: endedKey, recoveryCodesLeft } = await findWaysIn(owner);
  const endedCallers = endedKey ? await listCallersOfEndedKeys(db, owner, endedKey, CALLERS_SHOWN) : [];
  return { apiKey, callers, endedKey, endedCallers, recoveryCodesLeft };
}
