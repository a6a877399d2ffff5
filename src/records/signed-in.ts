import type { Pool, PoolClient } from "pg";
import type { Actor } from "../base/actor";
import { Refusal } from "../base/refusal";
import { transaction } from "../platform/database";

/**
 * Runs a person's change of what outlives a session, such as a key, in one transaction with their row locked. Throws a
 * Refusal (403) when they are deactivated or the session has ended, however late that happened: a request under way
 * must not outlive it.
 */
export async function asSignedIn<T>(
  db: Pool,
  { personId, sessionId }: Actor,
  work: (tx: PoolClient) => Promise<T>,
): Promise<T> {
  return transaction(db, async (tx) => {
    // Asked in a second statement, which sees what was committed while the first one waited.
    await tx.query("select from people where id = $1 for no key update", [personId]);
    const { rowCount } = await tx.query(
      `select from people p join sessions s on s.person_id = p.id
        where p.id = $1 and s.id = $2 and p.deactivated_at is null`,
      [personId, sessionId],
    );
    if (rowCount !== 1) throw new Refusal(403, "You are signed out by now, so nothing was changed.");
    return work(tx);
  });
}
