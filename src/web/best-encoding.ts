import type { Request } from "express";

/** The best packing a browser reads. Asked one by one: of two it likes as well, Express would take the one it names first. */
export function bestEncoding(req: Request): "br" | "gzip" | undefined {
  if (req.headers["accept-encoding"] === undefined) return undefined;
  if (req.acceptsEncodings("br")) return "br";
  return req.acceptsEncodings("gzip") ? "gzip" : undefined;
}
