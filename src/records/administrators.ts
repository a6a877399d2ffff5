import type { Pool, PoolClient } from "pg";
import type { Actor } from "../base/actor";
import { Refusal } from "../base/refusal";
import { type Queryable, transaction } from "../platform/database";

/**
 * Runs an administrator's change in one transaction, during which they stay an administrator. Throws a Refusal (403)
 * when they are none any more, or their session has ended, however late that happened: a request under way must not
 * outlive it. `alone` for changes that can take away an administrator or what makes one: those happen one after
 * another, on every replica. The command line is always let through.
 */
export async function asAdministrator<T>(
  db: Pool,
  actor: Actor,
  work: (tx: PoolClient) => Promise<T>,
  { alone = false } = {},
): Promise<T> {
  return transaction(db, async (tx) => {
    await tx.query(`select from installation ${alone ? "for no key update" : "for share"}`);
    if (actor.kind !== "command-line" && !(await isSignedInAdministrator(tx, actor))) {
      throw new Refusal(403, "You are not signed in as an administrator any more, so nothing was changed.");
    }
    return work(tx);
  });
}

async function isSignedInAdministrator(tx: Queryable, { personId, sessionId }: Actor): Promise<boolean> {
  const { rows } = await tx.query(
    `select from people p join sessions s on s.person_id = p.id
      where p.id = $1 and s.id = $2 and 'administrator' = any(p.roles) and p.deactivated_at is null`,
    [personId, sessionId],
  );
  return rows.length === 1;
}
