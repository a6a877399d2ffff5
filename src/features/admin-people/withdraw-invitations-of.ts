import type { Actor } from "../../base/actor";
import type { Queryable } from "../../platform/database";
import { withdrawInvitationsBy } from "../../records/links";
import { addTrailEntry } from "../../records/trail";

/** Withdraws the open invitations of somebody who is losing the right to invite, in the transaction of that change. */
export async function withdrawInvitationsOf(tx: Queryable, actor: Actor, inviterId: string): Promise<void> {
  for (const { id, email } of await withdrawInvitationsBy(tx, inviterId)) {
    await addTrailEntry(tx, {
      action: "invitation.withdrawn",
      actor,
      subjectId: id,
      details: { email },
    });
  }
}
