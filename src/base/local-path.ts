const LONGEST = 4000;
const SOMEWHERE = "http://latchkey.invalid";

/**
 * The given address if it is a path on this site ("/profile?tab=1"), else `fallback`. Refuses other origins in every
 * dress a browser would follow: `//evil`, `/\evil`, `javascript:`, control characters that browsers strip.
 */
export function localPath(address: unknown, fallback: string): string {
  if (typeof address !== "string" || address.length > LONGEST) return fallback;
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(address) || address.includes("\\")) return fallback;
  if (!URL.canParse(address, SOMEWHERE)) return fallback;
  const url = new URL(address, SOMEWHERE);
  if (url.origin !== SOMEWHERE || url.pathname.startsWith("//")) return fallback;
  return url.pathname + url.search;
}

/**
 * The given address if it is a path on this site, or lies on one of these origins ("https://wiki.example.com"), else
 * `fallback`. Refuses what a browser would read as another origin, as `localPath` does, and names and passwords before
 * the host.
 */
export function returnAddress(address: unknown, fallback: string, origins: ReadonlySet<string>): string {
  if (typeof address !== "string" || !/^https?:\/\//i.test(address)) return localPath(address, fallback);
  return addressOn(address, origins)?.href ?? fallback;
}

/** The given absolute address, read, if it lies on one of these origins. */
export function addressOn(address: string, origins: ReadonlySet<string>): URL | undefined {
  if (address.length > LONGEST || !/^[\x21-\x7e]*$/.test(address) || address.includes("\\")) return undefined;
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  // The origin of "blob:https://wiki.example.com/a" is the wiki's.
  if (!/^https?:$/.test(url.protocol)) return undefined;
  if (url.username !== "" || url.password !== "") return undefined;
  return origins.has(url.origin) ? url : undefined;
}
