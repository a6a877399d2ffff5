/** What a client presents to prove who it is: a key, and with HTTP Basic also a name. */
export type Credentials = { key: string; name?: string };

/**
 * Reads the credentials from `Authorization: Basic` (email or name, then the key after the first colon; RFC 7617),
 * `Authorization: Bearer` (RFC 6750) or `X-API-Key`. Undefined when there are none that can be read.
 */
export function readCredentials(headers: {
  authorization?: string | undefined;
  "x-api-key"?: string | string[] | undefined;
}): Credentials | undefined {
  const [, scheme, value] = /^\s*([A-Za-z]+)\s+(\S+)\s*$/.exec(headers.authorization ?? "") ?? [];
  if (scheme && value) {
    if (scheme.toLowerCase() === "bearer") return { key: value };
    return scheme.toLowerCase() === "basic" ? readBasic(value) : undefined;
  }
  const key = headers["x-api-key"];
  return typeof key === "string" && headers.authorization === undefined ? { key: key.trim() } : undefined;
}

function readBasic(value: string): Credentials | undefined {
  const text = Buffer.from(value, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon === -1 ? undefined : { name: text.slice(0, colon), key: text.slice(colon + 1) };
}
