import type { Request } from "express";
import { localPath } from "../base/local-path";

/** The page of this site a request was sent from, as far as the browser says; through a redirect it still does. */
export function cameFrom(req: Request, fallback: string): string {
  const from = req.get("referer") ?? "";
  if (!URL.canParse(from)) return fallback;
  const { pathname, search } = new URL(from);
  return localPath(pathname + search, fallback);
}
