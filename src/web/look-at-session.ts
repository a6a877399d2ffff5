import type { Request } from "express";
import { onlyLookedAt } from "./session-store";

/**
 * How many seconds the session of this request has left without activity, 0 when it has ended or is half signed in. The
 * request then counts as no activity itself.
 */
export function lookAtSession({ session }: Request): number {
  onlyLookedAt(session);
  return session.alive && session.stage === "signed-in" ? secondsLeft(session) : 0;
}

/** How many whole seconds a session has left from this request on, which is activity; undefined where it has just begun. */
export function secondsAfterActivity({ session }: Request): number | undefined {
  const { idleTimeout, lifetimeLeft } = session;
  if (idleTimeout === undefined || lifetimeLeft === undefined) return undefined;
  return Math.floor(Math.min(idleTimeout, lifetimeLeft));
}

function secondsLeft({ idleLeft = 0, lifetimeLeft = 0 }: Request["session"]): number {
  return Math.max(0, Math.min(idleLeft, lifetimeLeft));
}
