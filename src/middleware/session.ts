import type { RequestHandler } from "express";
import session from "express-session";
import { LONGEST_LIFETIME_DAYS } from "../records/sessions/sessions";
import type { Desk } from "../web/desk";
import { SessionStore } from "../web/session-store";

/**
 * Sessions in Postgres. The cookie lives as long as a session can at most: when it ends is decided by the server, from
 * the person's idle timeout, at each request.
 */
export function sessions(desk: Desk): RequestHandler {
  const { name, secret, secure } = desk.cookie;
  return session({
    name,
    secret,
    store: new SessionStore(desk.db, desk.lookups),
    resave: false,
    saveUninitialized: false,
    cookie: {
      httpOnly: true,
      secure,
      sameSite: "lax",
      path: "/",
      maxAge: LONGEST_LIFETIME_DAYS * 24 * 60 * 60 * 1000,
    },
  });
}
