import type { Ask } from "./connection";
import type { Asker } from "./seed";

/** A GET request as it goes over the wire, answered with 200 and a body that holds a text. */
export function get(address: string, headers: Record<string, string> = {}, bodyHolds = ""): Ask {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const request = Buffer.from(`GET ${address} HTTP/1.1\r\nHost: localhost\r\n${lines.join("")}\r\n`);
  return { request, status: 200, ...(bodyHolds && { bodyHolds }) };
}

/** Each asks whether their key is good. */
export const keyChecks = (askers: Asker[]): Ask[] =>
  askers.map(({ email, key }) =>
    get("/v1/authentication/verify", {
      Authorization: `Basic ${Buffer.from(`${email}:${key}`).toString("base64")}`,
      "User-Agent": "bench",
    }),
  );

/** A reverse proxy asks who each is, by their session. */
export const forwardChecks = (askers: Asker[]): Ask[] =>
  askers.map(({ cookie }) => get("/auth/forward", { Cookie: cookie }));

/** Each looks at their profile, which must be theirs. */
export const profiles = (askers: Asker[]): Ask[] =>
  askers.map(({ email, cookie }) => get("/profile", { Cookie: cookie }, email));
