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
