import type { Actor } from "../base/actor";
import type { Queryable } from "../platform/database";

/** What can stand in the trail. */
export type TrailAction =
  | "installation.set-up"
  | "session.started"
  | "session.ended"
  | "profile.changed"
  | "second-factor.enrolled"
  | "second-factor.reset"
  | "second-factor.put-off"
  | "recovery-code.used"
  | "recovery-codes.replaced"
  | "api-key.generated"
  | "api-key.regenerated"
  | "api-key.revoked";

/** Writes one entry, in the same transaction as the change it tells of. `details` never hold a secret. */
export async function addTrailEntry(
  db: Queryable,
  entry: { action: TrailAction; actor: Actor; subjectId: string; details?: Record<string, unknown> },
): Promise<void> {
  const { actor } = entry;
  await db.query(
    `insert into trail (action, actor_kind, actor_id, session_id, subject_id, address, client, details)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      entry.action,
      actor.kind,
      actor.personId,
      actor.sessionId,
      entry.subjectId,
      actor.address,
      actor.client,
      JSON.stringify(entry.details ?? {}),
    ],
  );
}
