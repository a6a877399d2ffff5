import type { KeyOwner } from "../base/key-owner";
import { listCallers, listCallersOfEndedKeys } from "../records/api-key-callers";
import { findLatestApiKeys } from "../records/api-keys";
import type { Desk } from "./desk";

/** The latest callers of a key on its owner's page; the pages about the key show more. */
const CALLERS_SHOWN = 20;

/** What the view api-key/section shows: the live key and its callers, and who used those that have ended. */
export async function describeKey({ db, calls }: Desk, owner: KeyOwner) {
  await calls.flush();
  const { live: apiKey, ended: endedKey } = await findLatestApiKeys(db, owner);
  const [callers, endedCallers] = await Promise.all([
    apiKey ? listCallers(db, apiKey.id, CALLERS_SHOWN) : [],
    endedKey ? listCallersOfEndedKeys(db, owner, endedKey, CALLERS_SHOWN) : [],
  ]);
  return { apiKey, callers, endedKey, endedCallers };
}
