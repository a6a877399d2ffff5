import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { makeLinkToken } from "../../base/link-token";
import { invitation } from "../../platform/letters";
import type { Seal } from "../../platform/seal";
import { asAdministrator } from "../../records/administrators";
import { claimLinkId, insertLink } from "../../records/links";
import { queueLetter } from "../../records/mail";
import { findAccount } from "../../records/people";
import { addTrailEntry } from "../../records/trail";
import type { InviteInput } from "./form";

const LIFETIME_SECONDS = 7 * 24 * 60 * 60;

/** What became of an invitation. The address with the token in it is returned once and stored nowhere. */
export type SendAnswer =
  | { url: string; expiresAt: Date; replaced: boolean }
  | "sent-already"
  | "has-account"
  | "has-deactivated-account";

/** Invites an email address by mail, in place of an earlier open invitation; "sent-already" for the same form again. */
export async function sendInvitation(
  db: Pool,
  tools: { seal: Seal; baseUrl: URL },
  actor: Actor,
  invitedBy: string,
  form: InviteInput,
): Promise<SendAnswer> {
  const { email, role, invitation: id } = form;
  const { token, hash } = makeLinkToken();
  const url = new URL(`/invitation?token=${token}`, tools.baseUrl).href;
  return asAdministrator(db, actor, async (tx) => {
    if (!(await claimLinkId(tx, id))) return "sent-already";
    const account = await findAccount(tx, email);
    if (account) return account.active ? "has-account" : "has-deactivated-account";
    const { expiresAt, replaced } = await insertLink(tx, {
      id,
      hash,
      purpose: "invitation",
      personId: null,
      email,
      roles: [role],
      invitedBy: actor.personId,
      lifetimeSeconds: LIFETIME_SECONDS,
    });
    await queueLetter(tx, tools.seal, email, invitation(url, invitedBy));
    await addTrailEntry(tx, { action: "invitation.sent", actor, subjectId: id, details: { email, role } });
    return { url, expiresAt, replaced };
  });
}
