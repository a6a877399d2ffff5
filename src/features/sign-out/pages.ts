import { leave } from "../../web/leave";
import { actorOf, type Visit } from "../../web/visit";
import { endSession } from "./end-session";

/** POST /sign-out: ends this session, also one that is half signed in. */
export async function signOut(visit: Visit): Promise<void> {
  const { req, res, desk } = visit;
  const actor = actorOf(visit);
  const { personId, sessionId } = actor;
  if (personId && sessionId) await endSession(desk.db, { ...actor, personId, sessionId });
  await new Promise<void>((resolve, reject) => req.session.destroy((e) => (e ? reject(e) : resolve())));
  res.clearCookie(desk.cookie.name, {
    path: "/",
    httpOnly: true,
    sameSite: "lax",
    secure: desk.cookie.secure,
  });
  await leave(visit, "/sign-in?notice=signed-out");
}
