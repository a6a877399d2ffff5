import { isIP } from "node:net";

/** The host of an address as mail writes it: a bare IP address in brackets (RFC 5321, section 4.1.3). */
export function mailHost({ hostname }: URL): string {
  const bare = hostname.replace(/^\[|\]$/g, "");
  const kind = isIP(bare);
  if (kind === 0) return hostname;
  return kind === 6 ? `[IPv6:${bare}]` : `[${bare}]`;
}
