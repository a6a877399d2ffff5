import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import { Refusal } from "../base/refusal";
import type { Desk } from "../web/desk";
import { liveSessionOf } from "../web/live-session-of";
import { drawPage } from "../web/page";

const TITLES: Record<number, string> = {
  400: "That could not be read",
  403: "Not allowed",
  404: "Page not found",
  413: "That was too much",
  429: "Too many tries",
  500: "Something went wrong",
  503: "Not available right now",
};

/** Every address that no route knows. */
export const notFound: RequestHandler = () => {
  throw new Refusal(
    404,
    "There is no page at this address. It may have moved, or the address has a typing mistake.",
  );
};

/** "OPTIONS *" and the like: addresses that are no path, which express-session leaves without a session. */
export const pathsOnly: RequestHandler = (req, _res, next) => {
  if (!req.path.startsWith("/")) throw new Refusal(404, "There is no page at this address.");
  next();
};

/** A file that is not there, such as the /favicon.ico browsers ask for by themselves: no page, so no activity. */
export const fileNotFound: RequestHandler = (req, _res, next) => {
  if (/\.[a-z0-9]{1,5}$/i.test(req.path)) throw new Refusal(404, "There is no file at this address.");
  next();
};

/** The last middleware: refusals as pages with their sentence, anything else as a 500 with the request's id. */
export function errorPage(desk: Desk): ErrorRequestHandler {
  return async (error, req, res, next) => {
    if (res.headersSent) return next(error);
    const refusal = asRefusal(error);
    if (!refusal) desk.log.error({ id: req.id, err: error }, "A request failed");
    await answer(
      desk,
      req,
      res,
      refusal ?? new Refusal(500, "Something went wrong on our side. Nothing you did caused it."),
    ).catch((failure) => {
      desk.log.error({ id: req.id, err: failure }, "The error page could not be drawn");
      if (!res.headersSent) res.status(500).type("text").send("Something went wrong.");
    });
  };
}

async function answer(desk: Desk, req: Request, res: Response, refusal: Refusal): Promise<void> {
  const { status, sentence, retryAfterSeconds } = refusal;
  const title = TITLES[status] ?? "That did not work";
  if (req.path.startsWith("/v1/") || req.path.startsWith("/authentication/")) {
    if (retryAfterSeconds !== undefined) res.set("Retry-After", String(retryAfterSeconds));
    res.status(status).json({ errors: [{ status: String(status), title, detail: sentence }] });
    return;
  }
  // Whoever is signed in keeps the navigation; a database that is away must not keep the page away too.
  const person = liveSessionOf({ req, res, desk })?.person;
  const visit = person ? { req, res, desk, person } : { req, res, desk };
  const page = { title, status, sentence, requestId: req.id };
  await drawPage(
    visit,
    "errors/error",
    retryAfterSeconds === undefined ? page : { ...page, retryAfterSeconds },
  );
}

// What Express and its body parser refuse carries a 4xx status; its own words are for developers.
function asRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  const status = error instanceof Error && "status" in error ? Number(error.status) : 500;
  if (status === 413) return new Refusal(413, "What you sent is too large. Go back and send less.");
  if (status >= 400 && status < 500)
    return new Refusal(400, "The request could not be read. Go back and try again.");
  return undefined;
}
