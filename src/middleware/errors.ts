import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import type { Pool } from "pg";
import { routePathOf } from "../base/address-path";
import { isNavigation, readAskedFor } from "../base/asked-for";
import { isDatabaseAway } from "../base/database-away";
import { NotInTime } from "../base/not-in-time";
import { Refusal } from "../base/refusal";
import { mayHaveSaved } from "../platform/database";
import { isForPrograms } from "../web/api/addresses";
import { sendError } from "../web/api/errors";
import { cameFrom } from "../web/came-from";
import type { Desk } from "../web/desk";
import { drawAlone } from "../web/draw-alone";
import { liveSessionOf } from "../web/live-session-of";
import { logRefusal } from "../web/log-refusal";
import { drawPage } from "../web/page";

const TITLES: Record<number, string> = {
  400: "That could not be read",
  403: "Not allowed",
  404: "Page not found",
  405: "Not possible here",
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

const METHODS = ["GET", "HEAD", "POST"];

/** Methods that no page answers to, such as PUT and TRACE: 405, whatever the address. */
export const methodsOnly: RequestHandler = (req, res, next) => {
  if (METHODS.includes(req.method) || isForPrograms(req.path)) return next();
  res.set("Allow", METHODS.join(", "));
  throw new Refusal(405, `Nothing here answers to ${req.method}.`);
};

/**
 * What programs ask where or how nothing answers: 404 for another address than these, 405 for another method. No body
 * is read for it and no session looked at.
 */
export function programsEnd(addresses: readonly string[]): RequestHandler {
  const known = new Set(addresses);
  return (req, res, next) => {
    if (!isForPrograms(req.path)) return next();
    const address = req.path.toLowerCase().replace(/(?<=.)\/$/, "");
    if (!known.has(address))
      throw new Refusal(404, "There is nothing at this address. /v1/openapi.json lists what there is.");
    res.set("Allow", "GET, HEAD");
    throw new Refusal(405, `This address answers to GET and HEAD, not to ${req.method}.`);
  };
}

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

/**
 * The last middleware: refusals as pages with their sentence, a database that is away as a 503 that says whether
 * anything was saved, anything else as a 500 with the request's id.
 */
export function errorPage(desk: Desk): ErrorRequestHandler {
  return async (error, req, res, next) => {
    const known = { id: req.id, err: error };
    // By inTime, as a rule. Express would end the connection, which may carry somebody's next request by now.
    if (res.writableEnded) return desk.log.warn(known, "Something failed after a request was answered");
    if (res.headersSent) return next(error);
    const away = error instanceof NotInTime || isDatabaseAway(error);
    const refusal = away ? databaseAway(req, res, error) : asRefusal(error);
    if (!refusal || away) desk.log.error(known, "A request failed");
    else if (TOLD.has(refusal.status) && req.session)
      logRefusal(desk, req, { person: liveSessionOf({ req, res, desk })?.person.id }, refusal.sentence);
    await answer(desk, req, res, refusal ?? SOMETHING_WRONG, away).catch((failure) => {
      desk.log.error({ id: req.id, err: failure }, "The error page could not be drawn");
      if (!res.headersSent) res.status(500).type("text").send("Something went wrong.");
    });
  };
}

// What no page of ours leads to, unlike a mistake in a form or a link that has ended. Where no session was looked for,
// such as where a browser cannot be given its cookie, nothing was tried that somebody may not do.
const TOLD = new Set([400, 403]);
const SOMETHING_WRONG = new Refusal(500, "Something went wrong on our side. Nothing you did caused it.");
const RETRY_AFTER_SECONDS = 5;

function databaseAway(req: Request, res: Response, error: unknown): Refusal {
  const away =
    error instanceof NotInTime ? "This took too long." : "The database does not answer at the moment.";
  const sentence = !isForm(req)
    ? `${away} Try again in a few seconds.`
    : isUnsaved(res, error)
      ? `${away} Nothing was changed. Reload this page in a few seconds to send what you typed again.`
      : `${away} It is not known whether what you sent went through. Look before you send it again.`;
  return new Refusal(503, sentence, RETRY_AFTER_SECONDS);
}

function isForm({ method }: Request): boolean {
  return method !== "GET" && method !== "HEAD";
}

// What was not answered in time goes on, and may be saved yet.
function isUnsaved(res: Response, error: unknown): boolean {
  const { db } = res.locals as { db?: Pool };
  return !(error instanceof NotInTime) && (db === undefined || !mayHaveSaved(db));
}

async function answer(
  desk: Desk,
  req: Request,
  res: Response,
  refusal: Refusal,
  away: boolean,
): Promise<void> {
  const { status, sentence, retryAfterSeconds } = refusal;
  const title = TITLES[status] ?? "That did not work";
  if (isForPrograms(req.path)) {
    if (retryAfterSeconds !== undefined) res.set("Retry-After", String(retryAfterSeconds));
    if (!(status >= 500 && isShownByProxy(req))) return sendError(res, status, sentence);
    const home = new URL("/profile", desk.baseUrl).href;
    return drawAlone({ res }, status, "forward-auth/failed", { title, sentence, home });
  }
  const sent = isForm(req);
  const again = away && (sent ? cameFrom(req, req.path) : req.originalUrl);
  if (away) forgetSession(req);
  // Whoever is signed in keeps the navigation.
  const person = liveSessionOf({ req, res, desk })?.person;
  const visit = person ? { req, res, desk, person } : { req, res, desk };
  const page = { title, status, sentence, again, sent, requestId: req.id };
  await drawPage(
    visit,
    "errors/error",
    retryAfterSeconds === undefined ? page : { ...page, retryAfterSeconds },
  );
}

// By a reverse proxy that hands on any answer, to a browser that asked an application for a page.
function isShownByProxy({ path, headers }: Request): boolean {
  return (
    routePathOf(path) === "/auth/forward" &&
    readAskedFor(headers).proxyTakesAnyAnswer &&
    isNavigation(headers)
  );
}

// Without the database the page has to do without it too: express-session would touch or save it before the answer
// ends. No cookie is set or taken away by this.
function forgetSession(req: Partial<Request>): void {
  delete req.session;
  delete req.csrfToken;
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
