import type { Actor } from "../../base/actor";
import type { Queryable } from "../../platform/database";
import { endPasswordLinksBy, withdrawInvitationsBy } from "../../records/links";
import { addTrailEntry } from "../../records/trail";

/**
 * Withdraws the open invitations and password links of somebody who is losing the right to give them, in the
 * transaction of that change.
 */
export async function withdrawLinksBy(tx: Queryable, actor: Actor, giverId: string): Promise<void> {
  await endPasswordLinksBy(tx, giverId);
  for (const { id, email } of await withdrawInvitationsBy(tx, giverId)) {
    await addTrailEntry(tx, {
      action: "invitation.withdrawn",
      actor,
      subjectId: id,
      details: { email },
    });
  }
}
