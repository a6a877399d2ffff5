import type { RequestHandler } from "express";
import type { Desk } from "../web/desk";
import { leave } from "../web/leave";

/** Until the first administrator exists, every page but the set-up page leads to the sign-in page, which explains. */
export function setUpPending(desk: Desk): RequestHandler {
  return async (req, res, next) => {
    if (req.path === "/setup" || req.path === "/sign-in" || (await desk.isSetUp())) return next();
    await leave({ req, res, desk }, "/sign-in");
  };
}
