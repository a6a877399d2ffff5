/** The path of a request's address, without its query string. */
export function pathOf(url = ""): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}

const ORIGIN_OR_FRAGMENT = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*|#.*$/gi;

/**
 * The path by which Express finds a route: whatever the case, with a slash at the end or without; also of a whole address,
 * as proxies may ask (RFC 9112, 3.2.2).
 */
export function routePathOf(url = ""): string {
  const plain = url.startsWith("/") && !url.includes("#") ? url : url.replace(ORIGIN_OR_FRAGMENT, "");
  const path = pathOf(plain).toLowerCase() || "/";
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
