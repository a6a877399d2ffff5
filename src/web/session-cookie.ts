import { timingSafeEqual } from "node:crypto";
import { keyedHash } from "../platform/seal";

/** What the session cookie is called, and the secrets that sign it: the first signs, all are good. */
export type SessionCookie = { name: string; secrets: string[] };

/** The cookie's value for a session id, signed as express-session does it. */
export function signSid(sid: string, secret: string): string {
  return `s:${sid}.${signatureOf(sid, secret)}`;
}

/** The session id that the browser's cookie names, if its signature is good under one of the secrets. */
export function readSid(
  cookieHeader: string | undefined,
  { name, secrets }: SessionCookie,
): string | undefined {
  const value = cookieValue(cookieHeader, name);
  const [, sid, signature] = /^s:([\w-]+)\.(.+)$/.exec(value ?? "") ?? [];
  if (sid === undefined || signature === undefined) return undefined;
  return secrets.some((secret) => same(signature, signatureOf(sid, secret))) ? sid : undefined;
}

/** True when the browser sent the cookie with exactly this value. */
export function bringsCookie(cookieHeader: string | undefined, name: string, value: string): boolean {
  return cookieValue(cookieHeader, name) === value;
}

// Of two cookies with one name the first counts, as for express-session.
function cookieValue(cookieHeader: string | undefined, name: string): string | undefined {
  const start = `${name}=`;
  const pair = (cookieHeader ?? "").split(/; */).find((part) => part.startsWith(start));
  if (pair === undefined) return undefined;
  try {
    return decodeURIComponent(pair.slice(start.length));
  } catch {
    return undefined;
  }
}

function signatureOf(sid: string, secret: string): string {
  return keyedHash(secret, sid).toString("base64").replace(/=+$/, "");
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
