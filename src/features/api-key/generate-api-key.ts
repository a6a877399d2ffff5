import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { makeApiKey } from "../../base/api-key-format";
import { transaction } from "../../platform/database";
import { insertApiKey } from "../../records/api-keys";
import { addTrailEntry } from "../../records/trail";

/** Makes a person's first key; "stale-key" when they have one by now. The key is returned once and stored nowhere. */
export async function generateApiKey(
  db: Pool,
  actor: Actor,
  personId: string,
): Promise<{ key: string } | "stale-key"> {
  const made = makeApiKey();
  return transaction(db, async (tx) => {
    if (!(await insertApiKey(tx, personId, made))) return "stale-key";
    await addTrailEntry(tx, {
      action: "api-key.generated",
      actor,
      subjectId: personId,
      details: { keyId: made.id },
    });
    return { key: made.key };
  });
}
