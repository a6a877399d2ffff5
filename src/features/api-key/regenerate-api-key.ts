import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { makeApiKey } from "../../base/api-key-format";
import type { KeyHolder } from "../../base/key-owner";
import { apiKeyChanged } from "../../platform/letters";
import type { Seal } from "../../platform/seal";
import { replaceApiKey } from "../../records/api-keys/api-keys";
import { queueLetter } from "../../records/mail";
import { addTrailEntry } from "../../records/trail";
import { asKeyHolder } from "./as-key-holder";

/**
 * Replaces exactly the key the form was about; "stale-key" when that one has ended, so that a form sent twice never
 * ends the key that was just copied. The new key is returned once and stored nowhere.
 */
export async function regenerateApiKey(
  db: Pool,
  seal: Seal,
  actor: Actor,
  { owner, account, mailTo }: KeyHolder,
  replacedId: string,
): Promise<{ key: string } | "stale-key"> {
  const made = makeApiKey();
  return asKeyHolder(db, actor, owner, async (tx) => {
    if (!(await replaceApiKey(tx, owner, replacedId, made))) return "stale-key";
    const details = { keyId: made.id, replacedKeyId: replacedId };
    await addTrailEntry(tx, { action: "api-key.regenerated", actor, subjectId: owner.id, details });
    await queueLetter(tx, seal, mailTo, apiKeyChanged("regenerated", made.id, account));
    return { key: made.key };
  });
}
