import path from "node:path";
import { renderFile } from "ejs";
import express, { type Express, type RequestHandler } from "express";
import helmet from "helmet";
import { errorPage, fileNotFound, notFound, pathsOnly } from "./middleware/errors";
import { refuseForgery } from "./middleware/forgery";
import { guards } from "./middleware/guards";
import { requestLog } from "./middleware/request-log";
import { sessions } from "./middleware/session";
import { setUpPending } from "./middleware/set-up-pending";
import { wakeMailRoom } from "./middleware/wake-mail-room";
import { pageRoutes, programRoutes, type Route } from "./routes";
import { openAssets } from "./web/assets";
import type { Desk } from "./web/desk";
import { icon } from "./web/icons";
import type { Visit } from "./web/visit";

const ROOT = path.join(__dirname, "..");
const FORM_BYTES = 100 * 1024;
const FORM_FIELDS = 100;

/** The Express application: its settings and the order of everything a request passes. */
export function makeServer(desk: Desk, options: { trustProxy?: boolean | number | string } = {}): Express {
  const app = express();
  // A list, because only then does EJS look for includes there too.
  const views = [path.join(ROOT, "views")];
  app.set("views", views);
  app.set("view engine", "ejs");
  app.set("view cache", true);
  app.engine("ejs", (file, locals, done) =>
    renderFile(file, locals, { views, cache: true, rmWhitespace: true }, done),
  );
  app.set("query parser", "simple");
  app.set("trust proxy", options.trustProxy ?? false);
  app.disable("x-powered-by");
  app.disable("etag");

  app.use(requestLog(desk.log));
  app.use(securityHeaders(desk));
  app.use(pathsOnly);
  const assets = openAssets(path.join(ROOT, "public"));
  app.locals.asset = assets.address;
  app.locals.icon = icon;
  app.use(assets.serve);
  addRoutes(app, desk, programRoutes);
  app.use(fileNotFound);
  app.use(wakeMailRoom(desk));

  app.use(express.urlencoded({ extended: false, limit: FORM_BYTES, parameterLimit: FORM_FIELDS }));
  app.use(sessions(desk));
  app.use(refuseForgery(desk));
  app.use(setUpPending(desk));
  addRoutes(app, desk, pageRoutes);
  app.use(notFound);
  app.use(errorPage(desk));
  return app;
}

function addRoutes(app: Express, desk: Desk, routes: Route[]): void {
  for (const [method, address, guard, handler] of routes) {
    const pass = guards[guard] as (visit: Visit) => Promise<never | undefined>;
    app[method === "GET" ? "get" : "post"](address, async (req, res) => {
      const visit = await pass({ req, res, desk });
      if (visit) await handler(visit);
    });
  }
}

function securityHeaders(desk: Desk): RequestHandler {
  const https = desk.baseUrl.protocol === "https:";
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", "data:"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: https,
    // With "no-referrer" browsers send "Origin: null" with forms, which the forgery check could not tell from another site.
    referrerPolicy: { policy: "same-origin" },
    xFrameOptions: { action: "deny" },
  });
}
