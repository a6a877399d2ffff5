import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { RequestHandler } from "express";
import { bestEncoding } from "./best-encoding";

const TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml; charset=utf-8",
};
const A_YEAR = "public, max-age=31536000, immutable";

type Asset = { type: string; plain: Buffer; br: Buffer; gzip: Buffer };

/** Styles, scripts and the mark, held in memory and compressed once, under names that change with their content. */
export type Assets = {
  /** The address of a file of the folder, such as "style.css". Throws for one that is not there. */
  address(name: string): string;
  /** What is in a file of the folder. Throws for one that is not there. */
  text(name: string): string;
  /** Answers requests for these addresses; browsers keep them for good. */
  serve: RequestHandler;
};

/** Reads every file of a folder. */
export function openAssets(folder: string): Assets {
  const addresses = new Map<string, string>();
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(folder)) {
    const plain = readFileSync(path.join(folder, name));
    const { name: stem, ext } = path.parse(name);
    const hash = createHash("sha256").update(plain).digest("hex").slice(0, 10);
    const address = `/assets/${stem}.${hash}${ext}`;
    const type = TYPES[ext] ?? "application/octet-stream";
    addresses.set(name, address);
    assets.set(address, { type, plain, br: brotliCompressSync(plain), gzip: gzipSync(plain, { level: 9 }) });
  }
  function address(name: string): string {
    const found = addresses.get(name);
    if (found === undefined) throw new Error(`There is no file ${name} in ${folder}`);
    return found;
  }
  return {
    address,
    text: (name) => assets.get(address(name))?.plain.toString("utf8") ?? "",
    serve(req, res, next) {
      const asset = assets.get(req.path);
      if (!asset || (req.method !== "GET" && req.method !== "HEAD")) return next();
      res.set({ "Content-Type": asset.type, "Cache-Control": A_YEAR, Vary: "Accept-Encoding" });
      const encoding = bestEncoding(req);
      if (!encoding) return void res.end(asset.plain);
      res.set("Content-Encoding", encoding).end(asset[encoding]);
    },
  };
}
