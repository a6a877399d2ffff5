import { isIP } from "node:net";

/**
 * How something is reached: whether what is sent there is encrypted for certain, with no falling back, and whether the
 * other side's certificate is checked then.
 */
export type Way = { host: string; encrypted: boolean; checked: boolean };

/** True for a host that no network lies before: a socket in the file system, localhost, or an address of loopback. */
export function isThisComputer(host: string): boolean {
  const bare = host.toLowerCase().replace(/^\[|\]$/g, "");
  if (bare === "localhost" || bare === "::1" || bare.startsWith("/")) return true;
  return isIP(bare) === 4 && bare.startsWith("127.");
}
