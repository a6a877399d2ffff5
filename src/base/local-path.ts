const SOMEWHERE = "http://latchkey.invalid";

/**
 * The given address if it is a path on this site ("/profile?tab=1"), else `fallback`. Refuses other origins in every
 * dress a browser would follow: `//evil`, `/\evil`, `javascript:`, control characters that browsers strip.
 */
export function localPath(address: unknown, fallback: string): string {
  if (typeof address !== "string" || address.length > 4000) return fallback;
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(address) || address.includes("\\")) return fallback;
  if (!URL.canParse(address, SOMEWHERE)) return fallback;
  const url = new URL(address, SOMEWHERE);
  if (url.origin !== SOMEWHERE || url.pathname.startsWith("//")) return fallback;
  return url.pathname + url.search;
}
