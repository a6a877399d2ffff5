import type { KeyOwner } from "../base/key-owner";
import { listCallers, listCallersOfEndedKeys } from "../records/api-key-callers";
import { findLastEndedApiKey, findLiveApiKey } from "../records/api-keys";
import type { Desk } from "./desk";

/** The latest callers of a key on its owner's page; the pages about the key show more. */
const CALLERS_SHOWN = 20;

/** What the view api-key/section shows: the live key and its callers, and who used those that have ended. */
export async function describeKey({ db, calls }: Desk, owner: KeyOwner) {
  await calls.flush();
  const apiKey = await findLiveApiKey(db, owner);
  const endedKey = await findLastEndedApiKey(db, owner);
  return {
    apiKey,
    callers: apiKey ? await listCallers(db, apiKey.id, CALLERS_SHOWN) : [],
    endedKey,
    endedCallers: endedKey ? await listCallersOfEndedKeys(db, owner, endedKey, CALLERS_SHOWN) : [],
  };
}
