import { isIP } from "node:net";

/** A User-Agent header as it is kept: printable, at most 300 characters, `null` when there is none. */
export function clientName(userAgent: string | undefined): string | null {
  const printable = userAgent
    ?.replace(/[^\x20-\x7e]/g, "")
    .trim()
    .slice(0, 300);
  return printable ? printable : null;
}

// Some proxies tell the port as well, of an IPv6 address behind brackets.
const WITH_PORT = /^(?:\[([^\]]*)\](?::\d+)?|([0-9.]+):\d+)$/;
const MAPPED = /^::ffff:(?:([0-9.]+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i;

/**
 * The address a request came from as people know it: an IPv4 address also where the server listens on IPv6, or where it is
 * written as one (RFC 4291, 2.5.5.2), and without a port. Null for what is no address: behind a trusted proxy this text
 * comes from a header.
 */
export function clientAddress(address: string | undefined): string | null {
  if (address === undefined) return null;
  const [, inBrackets, beforePort] = WITH_PORT.exec(address) ?? [];
  const bare = unmapped(inBrackets ?? beforePort ?? address);
  return isIP(bare) === 0 ? null : bare;
}

function unmapped(address: string): string {
  const [, dotted, high, low] = MAPPED.exec(address) ?? [];
  if (high === undefined || low === undefined) return dotted ?? address;
  const [left, right] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [left >> 8, left & 255, right >> 8, right & 255].join(".");
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
