import type { Request, RequestHandler, Response } from "express";
import session, { type SessionData } from "express-session";
import { routePathOf } from "../base/address-path";
import { LONGEST_LIFETIME_DAYS } from "../records/sessions/sessions";
import type { Desk } from "../web/desk";
import type { LiveSessions } from "../web/live-sessions";
import { bringsCookie, signSid } from "../web/session-cookie";
import { isUnchanged, SessionStore } from "../web/session-store";

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
  const storeThatFinds = (find: LiveSessions["find"]) =>
    new SessionStore(desk.db, { ...desk.sessions, find });
  const openFrom = (store: SessionStore) =>
    session({ name, secret: secrets, store, resave: false, saveUninitialized: false, cookie });
  const store = storeThatFinds(desk.sessions.find);
  const open = openFrom(store);
  const openForProfile = openFrom(storeThatFinds(desk.sessions.findWithWaysIn));
  const [first = "", ...older] = secrets;
  return (req, res, next) => {
    const complain = (error: unknown) =>
      desk.log.warn({ id: req.id, err: error }, "Something failed after a request was answered");
    let passed = false;
    const endPlainly = res.end;
    (foreseesWaysIn(desk, req) ? openForProfile : open)(req, res, (error?: unknown) => {
      // Its complaint once the answer is drawn: nobody is left to pass it on to but the log.
      if (passed) return complain(error);
      passed = true;
      if (error) return next(error);
      spareUnchanged(req, res, store, endPlainly, complain);
      // Otherwise whoever changes nothing would keep the old signature, and be signed out once that secret is dropped.
      if (older.length > 0 && req.session.row?.alive) {
        const signed = signSid(req.sessionID, first);
        if (!bringsCookie(req.headers.cookie, name, signed)) res.cookie(name, signed, cookie);
      }
      next();
    });
  };
}

// Calls that are not written yet have to be before the key's callers are looked up, which the page then does itself.
function foreseesWaysIn({ calls }: Desk, { method, url }: Request): boolean {
  return method === "GET" && calls.areWritten && routePathOf(url) === "/profile";
}

// express-session would serialise and hash a session twice more to find out that nothing changed, and send the answer in
// two pieces where the request is counted as activity.
function spareUnchanged(
  req: Request,
  res: Response,
  store: SessionStore,
  endPlainly: Response["end"],
  complain: (error: unknown) => void,
): void {
  const { session, sessionID } = req;
  const endWithSession = res.end;
  let ended = false;
  res.end = ((...answer: Parameters<Response["end"]>) => {
    if (ended) return res;
    ended = true;
    if (req.session !== session || !isUnchanged(session)) return endWithSession.apply(res, answer);
    let counted = false;
    store.touch(sessionID, session as SessionData, (error?: unknown) => {
      counted = true;
      if (error) complain(error);
      endPlainly.apply(res, answer);
    });
    // From now on it is answered, for whoever would answer it otherwise.
    if (!counted && !res.headersSent) res.writeHead(res.statusCode);
    return res;
  }) as Response["end"];
}
