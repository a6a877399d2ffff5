/** The path of a request's address, without its query string. */
export function pathOf(url = ""): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}

/** The path by which Express finds a route: whatever the case, with a slash at the end or without. */
export function routePathOf(url = ""): string {
  const path = pathOf(url).toLowerCase();
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
