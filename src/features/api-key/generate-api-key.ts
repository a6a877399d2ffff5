import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { makeApiKey } from "../../base/api-key-format";
import type { KeyHolder } from "../../base/key-owner";
import { apiKeyChanged } from "../../platform/letters";
import type { Seal } from "../../platform/seal";
import { insertApiKey } from "../../records/api-keys/api-keys";
import { queueLetter } from "../../records/mail";
import { addTrailEntry } from "../../records/trail";
import { asKeyHolder } from "./as-key-holder";

/** Makes an owner's first key; "stale-key" when there is one by now. The key is returned once and stored nowhere. */
export async function generateApiKey(
  db: Pool,
  seal: Seal,
  actor: Actor,
  { owner, account, mailTo }: KeyHolder,
): Promise<{ key: string } | "stale-key"> {
  const made = makeApiKey();
  return asKeyHolder(db, actor, owner, async (tx) => {
    if (!(await insertApiKey(tx, owner, made))) return "stale-key";
    const details = { keyId: made.id };
    await addTrailEntry(tx, { action: "api-key.generated", actor, subjectId: owner.id, details });
    await queueLetter(tx, seal, mailTo, apiKeyChanged("generated", made.id, account));
    return { key: made.key };
  });
}
