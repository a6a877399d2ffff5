import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import type { KeyHolder } from "../../base/key-owner";
import { apiKeyChanged } from "../../platform/letters";
import type { Seal } from "../../platform/seal";
import { endApiKey } from "../../records/api-keys/api-keys";
import { queueLetter } from "../../records/mail";
import { addTrailEntry } from "../../records/trail";
import { asKeyHolder } from "./as-key-holder";

/** Revokes exactly the key the form was about; "stale-key" when that one has ended. */
export async function revokeApiKey(
  db: Pool,
  seal: Seal,
  actor: Actor,
  { owner, account, mailTo }: KeyHolder,
  keyId: string,
): Promise<"revoked" | "stale-key"> {
  return asKeyHolder(db, actor, owner, async (tx) => {
    if (!(await endApiKey(tx, owner, keyId))) return "stale-key";
    await addTrailEntry(tx, { action: "api-key.revoked", actor, subjectId: owner.id, details: { keyId } });
    await queueLetter(tx, seal, mailTo, apiKeyChanged("revoked", keyId, account));
    return "revoked";
  });
}
