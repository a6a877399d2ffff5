import { hashLinkToken } from "../base/link-token";
import type { Person } from "../base/person";
import type { Queryable } from "../platform/database";
import { findLink, type Link, type LinkPurpose, type LinkState } from "../records/links";
import { findPerson } from "../records/people";

/** Why a mailed link does not work; "unknown" also where the account is not active any more. */
export type LinkGone = Exclude<LinkState, "open"> | "unknown";

/** The open link of an active person with this token, or why it does not work. Uses nothing up. */
export async function findOpenLink(
  db: Queryable,
  purpose: LinkPurpose,
  token: string,
): Promise<{ link: Link; person: Person } | { gone: LinkGone }> {
  const link = await findLink(db, purpose, hashLinkToken(token));
  const person = link?.personId ? await findPerson(db, link.personId) : undefined;
  if (!link || !person) return { gone: "unknown" };
  return link.state === "open" ? { link, person } : { gone: link.state };
}

/** Why a link did not work that was open a moment ago: of two that use it at once, the second asks. */
export async function whyLinkGone(db: Queryable, purpose: LinkPurpose, token: string): Promise<LinkGone> {
  const found = await findOpenLink(db, purpose, token);
  return "gone" in found ? found.gone : "used";
}
