import type { KeyOwner } from "../base/key-owner";
import { listCallersOfEndedKeys } from "../records/api-keys/callers";
import { CALLERS_SHOWN, type Desk } from "./desk";

/** What the view api-key/section shows: the live key and its callers, and who used those that have ended. */
export async function describeKey({ db, calls, findKeyInUse }: Desk, owner: KeyOwner) {
  await calls.flush();
  const { live: apiKey, callers, ended: endedKey } = await findKeyInUse(owner);
  const endedCallers = endedKey ? await listCallersOfEndedKeys(db, owner, endedKey, CALLERS_SHOWN) : [];
  return { apiKey, callers, endedKey, endedCallers };
}
