import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Request, Response } from "express";
import { bestEncoding } from "./best-encoding";

// Below this a page fits into the first packets of a connection as it is.
const WORTH_IT = 4096;

const BROTLI = {
  params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT },
};
const compress = {
  br: (html: string) => promisify(brotliCompress)(html, BROTLI),
  gzip: (html: string) => promisify(gzip)(html),
};

/**
 * Sends a page, compressed where the browser reads that, and unless it holds a secret that stays the same from one
 * answer to the next: by its length an attacker could guess that (BREACH). csurf's token is salted anew each time, and
 * pages that show a key or a link are answers to one POST.
 */
export async function sendHtml(
  req: Request,
  res: Response,
  html: string,
  { holdsSecret = false } = {},
): Promise<void> {
  res.setHeader("Content-Type", "text/html; charset=utf-8");
  res.setHeader("Vary", "Accept-Encoding");
  const encoding = html.length < WORTH_IT || holdsSecret ? undefined : bestEncoding(req);
  if (encoding) {
    res.setHeader("Content-Encoding", encoding);
    return end(res, await compress[encoding](html));
  }
  // A text of single bytes goes out in one piece with the head, and is copied nowhere before.
  if (Buffer.byteLength(html) === html.length) end(res, html);
  else end(res, Buffer.from(html));
}

function end(res: Response, body: Buffer | string): void {
  res.setHeader("Content-Length", body.length);
  res.end(body, "latin1");
}
