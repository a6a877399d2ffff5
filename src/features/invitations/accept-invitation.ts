import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { transaction } from "../../platform/database";
import { useLink } from "../../records/links";
import { insertPerson } from "../../records/people";
import { addTrailEntry } from "../../records/trail";
import type { JoinInput } from "./form";

/** Makes the person an open invitation is for, and uses the link up; "not-open" for a link that does not work. */
export async function acceptInvitation(
  db: Pool,
  actor: Actor,
  hash: Buffer,
  form: Pick<JoinInput, "firstName" | "lastName">,
  passwordHash: string,
): Promise<{ personId: string } | "not-open" | "has-account"> {
  return transaction(db, async (tx) => {
    const link = await useLink(tx, "invitation", hash);
    if (!link) return "not-open";
    const { email, roles } = link;
    const { firstName, lastName } = form;
    const personId = await insertPerson(tx, { email, firstName, lastName, roles, passwordHash });
    if (personId === undefined) return "has-account";
    await addTrailEntry(tx, {
      action: "invitation.accepted",
      // Whoever was signed in in that browser before did not do this.
      actor: { ...actor, kind: "person", personId, sessionId: null },
      subjectId: personId,
      details: { invitationId: link.id, email, roles },
    });
    return { personId };
  });
}
