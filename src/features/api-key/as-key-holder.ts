import type { Pool, PoolClient } from "pg";
import type { Actor } from "../../base/actor";
import type { KeyOwner } from "../../base/key-owner";
import { asAdministrator } from "../../records/administrators";
import { asSignedIn } from "../../records/signed-in";

/** Runs a change of a key in one transaction: one's own, while signed in, or as an administrator that of a service account. */
export function asKeyHolder<T>(
  db: Pool,
  actor: Actor,
  owner: KeyOwner,
  work: (tx: PoolClient) => Promise<T>,
): Promise<T> {
  return owner.kind === "person" ? asSignedIn(db, actor, work) : asAdministrator(db, actor, work);
}
