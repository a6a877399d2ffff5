import type { IncomingHttpHeaders } from "node:http";

/** What somebody asked an application for, as the reverse proxy before it tells: it is checked before it is used. */
export type AskedFor = {
  /** The whole address; undefined where the proxy does not tell. */
  url: string | undefined;
  method: string;
  /** Whether the proxy hands on any answer, or only understands 200, 401 and 403, as nginx's auth_request does. */
  proxyTakesAnyAnswer: boolean;
};

/**
 * Reads it from `X-Forwarded-Uri`, `-Host`, `-Proto` and `-Method`, as Caddy and Traefik send them, or from
 * `X-Original-URL` and `X-Original-Method`, as is usual with nginx's auth_request, or from `X-Original-URI`, which its
 * documentation sends: the path alone, at the same host.
 */
export function readAskedFor(headers: IncomingHttpHeaders): AskedFor {
  const first = (name: string): string | undefined =>
    String(headers[name] ?? "")
      .split(",")[0]
      ?.trim() || undefined;
  const addressOf = (uri: string): string => {
    const host = first("x-forwarded-host") ?? headers.host ?? "";
    return `${first("x-forwarded-proto") ?? "http"}://${host}${uri.startsWith("/") ? uri : `/${uri}`}`;
  };
  const uri = given(headers["x-forwarded-uri"]);
  if (uri)
    return { url: addressOf(uri), method: first("x-forwarded-method") ?? "GET", proxyTakesAnyAnswer: true };
  const originalUri = given(headers["x-original-uri"]);
  const url = given(headers["x-original-url"]) ?? (originalUri && addressOf(originalUri));
  return { url, method: first("x-original-method") ?? "GET", proxyTakesAnyAnswer: url === undefined };
}

function given(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** True for a browser that is on its way to a page, and not for what a page's script or a program asks. */
export function isNavigation(headers: IncomingHttpHeaders): boolean {
  // Only browsers tell the destination; Node's fetch tells a mode, of a navigation too.
  if (headers["sec-fetch-dest"] !== undefined) return headers["sec-fetch-mode"] === "navigate";
  return (headers.accept ?? "").includes("text/html") && headers["x-requested-with"] === undefined;
}

/** True for any browser, also for what a page's script asks. */
export function isBrowser(headers: IncomingHttpHeaders): boolean {
  return headers["sec-fetch-dest"] !== undefined || (headers["user-agent"] ?? "").startsWith("Mozilla/");
}
