import type { Pool } from "pg";
import type { Actor } from "../../../base/actor";
import { makeLinkToken } from "../../../base/link-token";
import { passwordLinkGiven } from "../../../platform/letters";
import type { Seal } from "../../../platform/seal";
import { asAdministrator } from "../../../records/administrators";
import { claimLinkId, insertLink } from "../../../records/links";
import { queueLetter } from "../../../records/mail";
import { lockPerson } from "../../../records/people";
import { addTrailEntry } from "../../../records/trail";

const LIFETIME_SECONDS = 60 * 60;

/**
 * Makes a link with which a person chooses a new password, for an administrator to hand over: for installations
 * without mail, and for people whose mailbox is gone. The person is written to. The address with the token in it is
 * returned once and stored nowhere. `linkId` is the id the form gave it: "given-already" when it was sent before.
 */
export async function givePasswordLink(
  db: Pool,
  tools: { seal: Seal; baseUrl: URL },
  actor: Actor,
  personId: string,
  { linkId, reason }: { linkId: string; reason: string },
): Promise<{ url: string } | "given-already" | "not-active"> {
  const { token, hash } = makeLinkToken();
  return asAdministrator(db, actor, async (tx) => {
    const person = await lockPerson(tx, personId);
    if (!person) return "not-active";
    if (!(await claimLinkId(tx, linkId))) return "given-already";
    const { email } = person;
    const link = { id: linkId, hash, purpose: "password-reset" as const, personId, email };
    await insertLink(tx, { ...link, invitedBy: actor.personId, lifetimeSeconds: LIFETIME_SECONDS });
    await queueLetter(tx, tools.seal, email, passwordLinkGiven());
    await addTrailEntry(tx, {
      action: "password.reset-asked",
      actor,
      subjectId: personId,
      details: { reason },
    });
    return { url: new URL(`/reset-password?token=${token}`, tools.baseUrl).href };
  });
}
