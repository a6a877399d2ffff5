import type { Request } from "express";
import type { SessionData } from "express-session";
import { onlyLookedAt } from "./session-store";

/**
 * How many seconds the session of this request has left without activity, 0 when it has ended or is half signed in. The
 * request then counts as no activity itself.
 */
export function lookAtSession({ session }: Request): number {
  onlyLookedAt(session);
  const { row } = session;
  return row?.alive && row.stage === "signed-in" ? secondsLeft(row) : 0;
}

/** How many whole seconds a session has left from this request on, which is activity; undefined where it has just begun. */
export function secondsAfterActivity({ session }: Request): number | undefined {
  const { idleTimeout, lifetimeLeft } = session.row ?? {};
  if (idleTimeout === undefined || lifetimeLeft === undefined) return undefined;
  return Math.floor(Math.min(idleTimeout, lifetimeLeft));
}

function secondsLeft({ idleLeft = 0, lifetimeLeft = 0 }: SessionData["row"]): number {
  return Math.max(0, Math.min(idleLeft, lifetimeLeft));
}
