import { makeLinkToken } from "../../src/base/link-token";
import type { LinkPurpose } from "../../src/records/links";
import type { TestDesk } from "./desk";

/**
 * The token of the newest link the program sent to this address. Only its hash is stored, so the link is given another
 * token, which the test then knows.
 */
export async function tokenOfLink(desk: TestDesk, purpose: LinkPurpose, email: string): Promise<string> {
  const { token, hash } = makeLinkToken();
  const { rowCount } = await desk.db.query(
    `update links set hash = $3 where id = (
       select id from links where purpose = $1 and email = $2 order by created_at desc limit 1)`,
    [purpose, email, hash],
  );
  if (rowCount !== 1) throw new Error(`No ${purpose} was sent to ${email}`);
  return token;
}
