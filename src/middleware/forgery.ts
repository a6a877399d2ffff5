import csurf from "csurf";
import type { Request, RequestHandler } from "express";
import { Refusal } from "../base/refusal";
import type { Desk } from "../web/desk";

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses forms sent from other sites (ASVS 5.0, 3.5.1), in two walls. First what the browser says of the origin
 * (`Sec-Fetch-Site`, else `Origin`); then, for every request with a live session, csurf's token, kept in the session
 * and read from the body only. csurf is archived: this is the one file that knows it (see DECISIONS.md).
 */
export function refuseForgery(desk: Desk): RequestHandler {
  const checkToken = csurf({ value: (req) => (typeof req.body?._csrf === "string" ? req.body._csrf : "") });
  return (req, res, next) => {
    const foreign =
      SAFE.has(req.method) || comesFromHere(req, desk.baseUrl)
        ? undefined
        : new Refusal(403, "This form was sent from another site, so nothing was changed.");
    // Without a session csurf would make one for every stranger who looks at the sign-in page.
    if (!req.session.row?.alive) return next(foreign);
    // It gives the request its token before it checks: the forms of a page that says what was refused need one.
    checkToken(req, res, (error?: unknown) => {
      if (foreign || !error || isSignIn(req)) return next(foreign);
      next(
        new Refusal(
          403,
          "This form is out of date, so nothing was changed. Go back, reload the page and send it again.",
        ),
      );
    });
  };
}

// Whoever opens the sign-in page in one tab and signs in from another still holds a form without a token.
function isSignIn(req: Request): boolean {
  return req.path === "/sign-in";
}

function comesFromHere(req: Request, baseUrl: URL): boolean {
  const site = req.get("sec-fetch-site");
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = req.get("origin");
  if (origin === undefined) return true;
  if (origin === baseUrl.origin) return true;
  return origin === `${req.protocol}://${req.get("host")}`;
}
