import type { Request, RequestHandler } from "express";
import session from "express-session";
import { keyedHash } from "../platform/seal";
import { LONGEST_LIFETIME_DAYS } from "../records/sessions/sessions";
import type { Desk } from "../web/desk";
import { SessionStore } from "../web/session-store";

/**
 * Sessions in Postgres. The cookie lives as long as a session can at most: when it ends is decided by the server, from
 * the person's idle timeout, at each request. Cookies signed under an older secret are good, and are given out anew.
 */
export function sessions(desk: Desk): RequestHandler {
  const { name, secrets, secure } = desk.cookie;
  const cookie = {
    httpOnly: true,
    secure,
    sameSite: "lax" as const,
    path: "/",
    maxAge: LONGEST_LIFETIME_DAYS * 24 * 60 * 60 * 1000,
  };
  const open = session({
    name,
    secret: secrets,
    store: new SessionStore(desk.db, desk.lookups),
    resave: false,
    saveUninitialized: false,
    cookie,
  });
  const [first = "", ...older] = secrets;
  if (older.length === 0) return open;
  return (req, res, next) => {
    open(req, res, (error?: unknown) => {
      // Otherwise whoever changes nothing would keep the old signature, and be signed out once that secret is dropped.
      if (!error && req.session?.row?.alive) {
        const signed = `s:${req.sessionID}.${signatureOf(req.sessionID, first)}`;
        if (!brings(req, name, signed)) res.cookie(name, signed, cookie);
      }
      next(error);
    });
  };
}

/** As cookie-signature, which express-session uses, signs. */
function signatureOf(sid: string, secret: string): string {
  return keyedHash(secret, sid).toString("base64").replace(/=+$/, "");
}

function brings(req: Request, name: string, value: string): boolean {
  return (req.headers.cookie ?? "").includes(`${name}=${encodeURIComponent(value)}`);
}
