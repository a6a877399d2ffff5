import type { Pool, PoolClient } from "pg";
import type { Actor } from "../../base/actor";
import type { KeyOwner } from "../../base/key-owner";
import { transaction } from "../../platform/database";
import { asAdministrator } from "../../records/administrators";

/** Runs a change of a key in one transaction: one's own, or as an administrator that of a service account. */
export function asKeyHolder<T>(
  db: Pool,
  actor: Actor,
  owner: KeyOwner,
  work: (tx: PoolClient) => Promise<T>,
): Promise<T> {
  return owner.kind === "person" ? transaction(db, work) : asAdministrator(db, actor, work);
}
