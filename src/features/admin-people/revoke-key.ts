import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { apiKeyChanged } from "../../platform/letters";
import type { Seal } from "../../platform/seal";
import { asAdministrator } from "../../records/administrators";
import { endApiKey } from "../../records/api-keys/api-keys";
import { queueLetter } from "../../records/mail";
import { addTrailEntry } from "../../records/trail";

/** Revokes exactly the key the form was about, and writes to its owner; "stale-key" when that one has ended. */
export async function revokeKey(
  db: Pool,
  seal: Seal,
  actor: Actor,
  person: { id: string; email: string },
  keyId: string,
): Promise<"revoked" | "stale-key"> {
  return asAdministrator(db, actor, async (tx) => {
    if (!(await endApiKey(tx, { kind: "person", id: person.id }, keyId))) return "stale-key";
    await queueLetter(tx, seal, person.email, apiKeyChanged("revoked", keyId));
    const details = { keyId };
    await addTrailEntry(tx, { action: "api-key.revoked", actor, subjectId: person.id, details });
    return "revoked";
  });
}
