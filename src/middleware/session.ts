import type { RequestHandler } from "express";
import session from "express-session";
import { LONGEST_LIFETIME_DAYS } from "../records/sessions/sessions";
import type { Desk } from "../web/desk";
import { bringsCookie, signSid } from "../web/session-cookie";
import { SessionStore } from "../web/session-store";

/**
 * Sessions in Postgres. The cookie lives as long as a session can at most: when it ends is decided by the server, from
 * the person's idle timeout, at each request. Cookies signed under an older secret are good, and are given out anew.
 */
export function sessions(desk: Desk): RequestHandler {
  const { name, secrets, secure, domain } = desk.cookie;
  const cookie = {
    httpOnly: true,
    secure,
    sameSite: "lax" as const,
    path: "/",
    ...(domain !== undefined && { domain }),
    maxAge: LONGEST_LIFETIME_DAYS * 24 * 60 * 60 * 1000,
  };
  const open = session({
    name,
    secret: secrets,
    store: new SessionStore(desk.db, desk.sessions),
    resave: false,
    saveUninitialized: false,
    cookie,
  });
  const [first = "", ...older] = secrets;
  return (req, res, next) => {
    let passed = false;
    open(req, res, (error?: unknown) => {
      // Its complaint once the answer is drawn: nobody is left to pass it on to but the log.
      if (passed)
        return desk.log.warn({ id: req.id, err: error }, "Something failed after a request was answered");
      passed = true;
      // Otherwise whoever changes nothing would keep the old signature, and be signed out once that secret is dropped.
      if (!error && older.length > 0 && req.session.row?.alive) {
        const signed = signSid(req.sessionID, first);
        if (!bringsCookie(req.headers.cookie, name, signed)) res.cookie(name, signed, cookie);
      }
      next(error);
    });
  };
}
