import type { RequestHandler } from "express";
import type { Desk } from "../web/desk";

/** After each form that was answered, letters it may have queued are sent at once instead of at the next look. */
export function wakeMailRoom(desk: Desk): RequestHandler {
  return (req, res, next) => {
    if (req.method === "POST") res.once("close", () => desk.mail.wake());
    next();
  };
}
