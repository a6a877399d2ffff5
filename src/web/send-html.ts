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
  const body = encoding ? await compress[encoding](html) : cheapest(html);
  if (encoding) res.setHeader("Content-Encoding", encoding);
  res.setHeader("Content-Length", Buffer.byteLength(body));
  res.end(body);
}

// A short page costs least as a text, which goes out in one piece with the head, and a long one as bytes, which are counted
// and copied once.
function cheapest(html: string): string | Buffer {
  return html.length < WORTH_IT ? html : Buffer.from(html);
}
