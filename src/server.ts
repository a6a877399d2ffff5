import type { RequestListener, ServerOptions } from "node:http";
import path from "node:path";
import express, { type RequestHandler } from "express";
import { routePathOf } from "./base/address-path";
import { apiDoor } from "./middleware/api-door";
import { explainCookieTrouble } from "./middleware/cookie-trouble";
import { errorPage, fileNotFound, methodsOnly, notFound, pathsOnly, programsEnd } from "./middleware/errors";
import { refuseForgery } from "./middleware/forgery";
import { guards } from "./middleware/guards";
import { inOrder } from "./middleware/in-order";
import { inTime } from "./middleware/in-time";
import { securityHeaders } from "./middleware/security-headers";
import { sessions } from "./middleware/session";
import { setUpPending } from "./middleware/set-up-pending";
import { wakeMailRoom } from "./middleware/wake-mail-room";
import { forOneRequest } from "./platform/database";
import { fewAtOnce } from "./platform/few-at-once";
import { pageRoutes, programRoutes, type Route } from "./routes";
import { VERIFY_PATHS } from "./web/api/addresses";
import { type Assets, openAssets } from "./web/assets";
import { bornForExpress } from "./web/born-for-express";
import { dayInWords } from "./web/day-in-words";
import type { Desk } from "./web/desk";
import { icon } from "./web/icons";
import { logAnswer } from "./web/log-answer";
import { openNotes } from "./web/note-of";
import { beginWith, standingHeaders } from "./web/standing-headers";
import { openViews, type Views } from "./web/views";
import type { Visit } from "./web/visit";

const ROOT = path.join(__dirname, "..");
const FORM_BYTES = 100 * 1024;
const FORM_FIELDS = 100;
// Hundreds of sign-ins that come at once would otherwise hold everybody else up before the first is at its password, and
// while most of them are told that the line there is full. Far more start in a second than passwords are checked.
const SIGN_INS_PACE = { most: 2, longest: 50, apart: 10, within: 1_000 };

/**
 * What to make an HTTP server of: the Express application, its settings and the order of everything a request passes,
 * behind the door for programs.
 */
export function makeServer(
  desk: Desk,
  options: { trustProxy?: boolean | number | string } = {},
): { listener: RequestListener; options: ServerOptions } {
  const app = express();
  app.set("query parser", "simple");
  app.set("trust proxy", options.trustProxy ?? false);
  app.disable("x-powered-by");
  app.disable("etag");

  const verifyRoutes = VERIFY_PATHS.map((address) => ["GET", address] as const);
  const noteOf = desk.metrics && openNotes(desk.metrics, [...verifyRoutes, ...programRoutes, ...pageRoutes]);
  const headers = securityHeaders(desk);
  const standing = standingHeaders(headers);
  const answerError = errorPage(desk);
  const { assets, views } = openFiles();
  app.locals.views = views;
  const passes: RequestHandler[] = [
    (req, res, next) => {
      logAnswer(desk.log, req, res, noteOf?.(req));
      beginWith(res, standing);
      next();
    },
    methodsOnly,
    pathsOnly,
    assets.serve,
    ...answerers(desk, programRoutes),
    programsEnd([...VERIFY_PATHS, ...programRoutes.map(([, address]) => address)]),
    fileNotFound,
    wakeMailRoom(desk),
    explainCookieTrouble(desk),

    express.urlencoded({ extended: false, limit: FORM_BYTES, parameterLimit: FORM_FIELDS }),
    inTime(answerError),
    sessions(desk),
    refuseForgery(desk),
    setUpPending(desk),
    ...answerers(desk, pageRoutes),
    notFound,
  ];
  app.use(inOrder(passes));
  app.use(answerError);
  const door = apiDoor(desk, { headers, trustProxy: app.get("trust proxy fn"), noteOf });
  const inTurn = fewAtOnce(SIGN_INS_PACE);
  const listener: RequestListener = (req, res) => {
    if (door(req, res)) return;
    if (req.method !== "POST" || routePathOf(req.url) !== "/sign-in") return app(req, res);
    inTurn((done) => {
      // Whoever is slow to send a body keeps nobody waiting.
      if (req.complete) res.once("close", done);
      else done();
      app(req, res);
    });
  };
  return { listener, options: bornForExpress(app) };
}

// The program's own files do not change while it runs: read and compiled once for all servers of a process.
let files: { assets: Assets; views: Views } | undefined;
function openFiles(): NonNullable<typeof files> {
  if (files) return files;
  const assets = openAssets(path.join(ROOT, "public"));
  const { address: asset } = assets;
  const views = openViews(path.join(ROOT, "views"), {
    asset,
    stylesheet: assets.text("style.css"),
    icon,
    dayInWords,
  });
  files = { assets, views };
  return files;
}

// Express asks one route after the other; an address without a parameter is found at once.
function answerers(desk: Desk, routes: Route[]): RequestHandler[] {
  const exact = new Map<string, RequestHandler>();
  const patterns = express.Router();
  for (const [method, address, guard, handler] of routes) {
    const pass = guards[guard] as (visit: Visit) => Promise<never | undefined>;
    const hasPage = routes.some(([verb, page]) => verb === "GET" && page === address);
    const answer: RequestHandler = async (req, res) => {
      const visit = await pass({ req, res, desk, hasPage });
      if (!visit || res.headersSent) return;
      await handler(method === "POST" ? rememberingWhatItSaved(visit) : visit);
    };
    if (address.includes(":")) patterns[method === "GET" ? "get" : "post"](address, answer);
    else exact.set(`${method} ${address}`, answer);
  }
  const answerExact: RequestHandler = (req, res, next) => {
    const method = req.method === "HEAD" ? "GET" : req.method;
    return (exact.get(`${method} ${routePathOf(req.url)}`) ?? passOn)(req, res, next);
  };
  return [answerExact, patterns];
}

const passOn: RequestHandler = (_req, _res, next) => next();

// A form whose answer is lost to the database going away has to be told whether anything was saved (middleware/errors.ts).
function rememberingWhatItSaved<V extends Visit>(visit: V): V {
  const db = forOneRequest(visit.desk.db);
  visit.res.locals.db = db;
  return { ...visit, desk: { ...visit.desk, db } };
}
