import type { Visit } from "./visit";

/** True when the browser sent our cookie, whatever has become of its session. */
export function cameWithCookie({ req, desk }: Visit): boolean {
  const cookies = (req.get("cookie") ?? "").split(/; */);
  return cookies.some((cookie) => cookie.startsWith(`${desk.cookie.name}=`));
}

/** Why a browser cannot be given the session cookie: for its person, with the status of a refusal, and for the log. */
export type CookieTrouble = { status: 403 | 503; sentence: string; forOperator: string };

/**
 * Why this request could not be answered with the session cookie, which is Secure where BASE_URL is https and is then
 * left out, without a word, of answers to requests that seem to have come over http; undefined when it could.
 */
export function cookieTrouble({ req, desk }: Visit): CookieTrouble | undefined {
  if (!desk.cookie.secure || req.secure) return undefined;
  if (proxySaysHttps({ req })) {
    return {
      status: 503,
      sentence:
        "Nobody can sign in here yet: this server does not trust the proxy that says you came over https. " +
        "Whoever runs it has to set TRUST_PROXY to the number of proxies in front of it, 1 for one.",
      forOperator:
        "Nobody can sign in: a proxy says that a browser came over https, but is not trusted, so the browser is given " +
        "no cookie. Set TRUST_PROXY to the number of proxies in front of Latchkey, or to their addresses",
    };
  }
  const { origin } = desk.baseUrl;
  return {
    status: 403,
    sentence:
      `You came over http, and signing in works only over https: open ${origin} instead. If that is where you are, ` +
      "whoever runs this server has to let the proxy in front of it send X-Forwarded-Proto, and set TRUST_PROXY.",
    forOperator:
      `BASE_URL is ${origin}, but a page was asked for over http, where no cookie can be given and nobody can sign in. ` +
      "If people do come over https, let the proxy send X-Forwarded-Proto: https, and set TRUST_PROXY",
  };
}

/** What the first proxy says of how the browser came, trusted or not. */
export function proxySaysHttps({ req }: Pick<Visit, "req">): boolean {
  return /^\s*https\b/i.test(req.get("x-forwarded-proto") ?? "");
}
