import { deviceName } from "../../base/device-name";
import { localPath } from "../../base/local-path";
import { isUuid } from "../../base/uuid";
import { listSessions } from "../../records/sessions/sessions";
import { leave } from "../../web/leave";
import { liveSessionOf } from "../../web/live-session-of";
import { secondsAfterActivity } from "../../web/look-at-session";
import { drawPage } from "../../web/page";
import { readQuery } from "../../web/read-form";
import { readSid } from "../../web/session-cookie";
import { hashSid } from "../../web/session-store";
import { actorOf, type PersonVisit, type Visit, type Watching } from "../../web/visit";
import { endOtherSessions } from "./end-other-sessions";
import { endOwnSession, endSession } from "./end-session";

/** GET /profile/sessions: where this person is signed in, this session first. */
export async function show(visit: PersonVisit): Promise<void> {
  const ownId = visit.req.session.row?.id;
  const sessions = (await listSessions(visit.desk.db, visit.person.id)).map((session) => ({
    ...session,
    device: deviceName(session.client),
    current: session.id === ownId,
  }));
  sessions.sort((a, b) => Number(b.current) - Number(a.current));
  await drawPage(visit, "sessions/sessions", { title: "Where you're signed in", sessions });
}

/** POST /profile/sessions/:id/end: signs one other device out. */
export async function end(visit: PersonVisit): Promise<void> {
  const { id } = visit.req.params;
  if (id === visit.req.session.row?.id) return signOut(visit);
  const ended =
    isUuid(id) && (await endSession(visit.desk.db, actorOf(visit), visit.person.id, id)) === "ended";
  const notice = ended ? "That device is signed out." : "That device had been signed out already.";
  await leave(visit, "/profile/sessions", notice);
}

/** POST /profile/sessions/end-others: signs every other device out. */
export async function endOthers(visit: PersonVisit): Promise<void> {
  const { desk, person, req } = visit;
  const ended = await endOtherSessions(desk.db, actorOf(visit), person.id, req.session.row?.id ?? "");
  const notice = ended === 0 ? "You were signed in nowhere else." : "You are signed out everywhere else.";
  await leave(visit, "/profile/sessions", notice);
}

/** GET /session/remaining: the seconds this session has left without activity, for the notice before its end. */
export async function showRemaining({ res, secondsLeft }: Watching): Promise<void> {
  res.json({ secondsLeft });
}

/** POST /session/stay: activity, and nothing else. */
export async function stay({ req, res }: PersonVisit): Promise<void> {
  res.json({ secondsLeft: secondsAfterActivity(req) });
}

/** GET /session/ended: where a page goes by itself when its session ends; says so where another window kept it alive. */
export async function showEnded(visit: Watching): Promise<void> {
  const back = localPath(readQuery(visit.req).return, "/profile");
  if (visit.secondsLeft <= 0) return leave(visit, `/sign-in?return=${encodeURIComponent(back)}`);
  const endsIn = Math.ceil(visit.secondsLeft);
  await drawPage(visit, "sessions/still-signed-in", { title: "You are still signed in", back, endsIn });
}

/** GET /sign-out: asks whether to; where applications can lead to for it, which cannot send the form themselves. */
export async function confirmSignOut(visit: Visit): Promise<void> {
  const session = liveSessionOf(visit);
  if (!session) return leave(visit, "/sign-in");
  await drawPage({ ...visit, person: session.person }, "sessions/sign-out", { title: "Sign out?" });
}

/** POST /sign-out: ends this session, also one that is half signed in. */
export async function signOut(visit: Visit): Promise<void> {
  const { req, res, desk } = visit;
  await endOwnSession(desk.db, actorOf(visit), sentSid(visit));
  await new Promise<void>((resolve, reject) => req.session.destroy((e) => (e ? reject(e) : resolve())));
  const { name, secure, domain } = desk.cookie;
  const where = domain === undefined ? {} : { domain };
  res.clearCookie(name, { path: "/", httpOnly: true, sameSite: "lax", secure, ...where });
  // Not "cookies", which reaches every host of the domain, nor "cache", which holds Chrome up for seconds and where nothing is.
  if (secure) res.set("Clear-Site-Data", '"storage"');
  await leave(visit, "/sign-in?notice=signed-out");
}

// The stored name of the session the browser sent: where there is none of it any more, the request has been given another.
function sentSid({ req, desk }: Visit): string | undefined {
  const sid = readSid(req.headers.cookie, desk.cookie);
  return sid === undefined ? undefined : hashSid(sid);
}
