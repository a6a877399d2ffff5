import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import proxyAddr from "proxy-addr";
import { routePathOf } from "../base/address-path";
import { VERIFY_PATHS } from "../web/api/addresses";
import { ASK_FOR_KEY } from "../web/api/errors";
import { checkApiKey } from "../web/check-api-key";
import type { Desk } from "../web/desk";
import { logAnswer } from "../web/log-answer";
import type { NoteOf } from "../web/note-of";
import { TooManyTries } from "../web/throttle";

// What governs documents (CSP, framing, referrers and the like) says nothing to a program about an empty answer.
const FOR_PROGRAMS = new Set(["Strict-Transport-Security", "X-Content-Type-Options"]);
const RETRY_AFTER_SECONDS = 2;

/**
 * Answers GET and HEAD of the addresses where programs ask whether a key is good: 200 for a good one, 401 for
 * everything else alike, 429 after too many wrong ones, 503 where the database cannot be asked (told within about five
 * seconds, by the patience of `desk.lookups`), and never a body. False for all other requests, which
 * nothing has been done to. It stands before Express, whose way from a request to its handler costs several times what
 * the answer itself does; the key is checked as everywhere, by the database, each time.
 */
export function apiDoor(
  desk: Desk,
  options: {
    headers: OutgoingHttpHeaders;
    trustProxy: (address: string, hop: number) => boolean;
    noteOf?: NoteOf | undefined;
  },
): (req: IncomingMessage, res: ServerResponse) => boolean {
  const headers = Object.entries(options.headers).filter(([name]) => FOR_PROGRAMS.has(name));
  const good = { ...Object.fromEntries(headers), "Cache-Control": "no-store", "Content-Length": 0 };
  const refused = { ...good, ...ASK_FOR_KEY };
  const away = { ...good, "Retry-After": RETRY_AFTER_SECONDS };

  const addressOf = (req: IncomingMessage) =>
    req.headers["x-forwarded-for"] === undefined
      ? req.socket.remoteAddress
      : proxyAddr(req, options.trustProxy);

  async function answer(req: IncomingMessage): Promise<[status: number, OutgoingHttpHeaders]> {
    try {
      const key = await checkApiKey(desk, desk.findApiKey, req.headers, addressOf(req));
      if (key instanceof TooManyTries) return [429, { ...good, "Retry-After": key.waitSeconds }];
      return key ? [200, good] : [401, refused];
    } catch (error) {
      desk.log.error({ err: error }, "A key could not be checked");
      return [503, away];
    }
  }

  return (req, res) => {
    if (!isVerification(req)) return false;
    logAnswer(desk.log, req, res, options.noteOf?.(req));
    answer(req)
      .then(([status, headers]) => res.writeHead(status, headers).end())
      .catch((error) => desk.log.error({ err: error }, "A key check could not be answered"));
    return true;
  };
}

function isVerification({ method, url }: IncomingMessage): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  const path = routePathOf(url);
  return VERIFY_PATHS.some((verify) => verify === path);
}
