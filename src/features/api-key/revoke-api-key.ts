import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { transaction } from "../../platform/database";
import { endApiKey } from "../../records/api-keys";
import { addTrailEntry } from "../../records/trail";

/** Revokes exactly the key the form was about; "stale-key" when that one has ended. */
export async function revokeApiKey(
  db: Pool,
  actor: Actor,
  personId: string,
  keyId: string,
): Promise<"revoked" | "stale-key"> {
  return transaction(db, async (tx) => {
    if (!(await endApiKey(tx, personId, keyId))) return "stale-key";
    await addTrailEntry(tx, { action: "api-key.revoked", actor, subjectId: personId, details: { keyId } });
    return "revoked";
  });
}
