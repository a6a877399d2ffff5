import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { asAdministrator } from "../../records/administrators";
import { withdrawLink } from "../../records/links";
import { addTrailEntry } from "../../records/trail";

/** Withdraws an open invitation; "not-open" when it was used, replaced or withdrawn, or has lapsed. */
export async function withdrawInvitation(
  db: Pool,
  actor: Actor,
  id: string,
): Promise<{ email: string } | "not-open"> {
  return asAdministrator(db, actor, async (tx) => {
    const link = await withdrawLink(tx, "invitation", id);
    if (!link) return "not-open";
    const { email } = link;
    await addTrailEntry(tx, {
      action: "invitation.withdrawn",
      actor,
      subjectId: link.id,
      details: { email },
    });
    return { email };
  });
}
