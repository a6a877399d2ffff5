import { isIP } from "node:net";

/** A User-Agent header as it is kept: printable, at most 300 characters, `null` when there is none. */
export function clientName(userAgent: string | undefined): string | null {
  const printable = userAgent
    ?.replace(/[^\x20-\x7e]/g, "")
    .trim()
    .slice(0, 300);
  return printable ? printable : null;
}

/**
 * The address a request came from as people know it: an IPv4 address also where the server listens on IPv6. Null for
 * what is no address: behind a trusted proxy this text comes from a header.
 */
export function clientAddress(address: string | undefined): string | null {
  const bare = address?.replace(/^::ffff:(?=[0-9.]+$)/, "");
  return bare !== undefined && isIP(bare) !== 0 ? bare : null;
}

/**
 * The block of addresses that one client has for itself: an IPv4 address, or the first 64 bits of an IPv6 address
 * (RFC 6177), within which anybody changes theirs at will.
 */
export function addressBlock(address: string | null): string {
  if (!address?.includes(":")) return address ?? "unknown";
  const [left, right] = (address.split("%")[0] ?? "")
    .split("::")
    .map((half) => half.split(":").filter(Boolean));
  const zeros = right ? Array<string>(Math.max(0, 8 - (left?.length ?? 0) - right.length)).fill("0") : [];
  const groups = [...(left ?? []), ...zeros, ...(right ?? [])].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}
