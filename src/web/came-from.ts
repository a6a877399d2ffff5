import type { Request } from "express";
import { localPath } from "../base/local-path";
import type { Visit } from "./visit";

/** The page of this site a request was sent from, as far as the browser says; through a redirect it still does. */
export function cameFrom(req: Request, fallback: string): string {
  const from = req.get("referer") ?? "";
  if (!URL.canParse(from)) return fallback;
  const { pathname, search } = new URL(from);
  return localPath(pathname + search, fallback);
}

/**
 * The page that was asked for, or from which the form was sent; where the browser does not say from which, the one at the
 * address that it was sent to, else the profile.
 */
export function pageOf({ req, hasPage }: Visit): string {
  if (req.method === "GET" || req.method === "HEAD") return req.originalUrl;
  return cameFrom(req, hasPage ? req.originalUrl : "/profile");
}
