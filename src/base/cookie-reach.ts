/** A list with commas or spaces between, without empty ones. */
export function splitList(value: string): string[] {
  return value.split(/[\s,]+/).filter((part) => part !== "");
}

/** True for "https://wiki.example.com" or "http://localhost:8080/": a scheme and a host, perhaps a port, no more. */
export function isOrigin(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, pathname, search, hash, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && pathname === "/" && search + hash + username + password === "";
}

/** True for the name of a domain with hosts below it, "example.com": browsers take no cookie for "com". */
export function isDomain(value: string): boolean {
  return /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(value);
}

/** Whether the session cookie gets where it is needed: to the host of BASE_URL, and to each origin to return to. */
export function problemsOfReach(
  { domain, origins }: { domain: string | undefined; origins: string[] },
  baseUrl: URL,
): string[] {
  if (domain !== undefined && !isWithin(baseUrl.hostname, domain))
    return [`COOKIE_DOMAIN is ${domain}, but the host of BASE_URL, ${baseUrl.hostname}, is not in it`];
  return origins.flatMap((origin) => {
    const { hostname, protocol } = new URL(origin);
    // A browser that seems signed in here and not there would be sent to and fro for ever.
    if (hostname !== baseUrl.hostname && (domain === undefined || !isWithin(hostname, domain))) {
      const mend = "set COOKIE_DOMAIN to the domain that both are in";
      return [
        `RETURN_ORIGINS has ${origin}, where the session cookie of ${baseUrl.hostname} does not get: ${mend}`,
      ];
    }
    if (baseUrl.protocol === "https:" && protocol !== "https:")
      return [`RETURN_ORIGINS has ${origin}, but the session cookie only goes over https, as BASE_URL does`];
    return [];
  });
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}
