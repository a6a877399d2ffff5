import type { IncomingMessage } from "node:http";
import { routePathOf } from "../base/address-path";
import type { Metrics, NoteAnswer } from "../platform/metrics";

/** How the answer to a request is counted. */
export type NoteOf = (req: IncomingMessage) => NoteAnswer;

// What is not in the table of routes, however many such addresses somebody thinks of, is counted under these.
const ASSETS = "assets";
const UNKNOWN = "unknown";
const OTHER_METHOD = "other";
const METHODS = ["GET", "HEAD", "POST"];

/**
 * Counts answers under the row of the table of routes that the request belongs to, also where it never came so far, as
 * while the database is away: under its pattern, never under the address. The rest has one name for files, one for
 * everything unknown, and one for all methods that nothing answers to.
 */
export function openNotes(
  metrics: Metrics,
  routes: (readonly [method: string, path: string, ...unknown[]])[],
): NoteOf {
  const exact = new Map<string, Map<string, NoteAnswer>>();
  const patterns = new Map<string, { matches: RegExp; note: NoteAnswer }[]>();
  for (const [method, path] of routes) {
    for (const verb of method === "GET" ? ["GET", "HEAD"] : [method]) {
      const note = metrics.answersOf(path, verb);
      if (!path.includes(":")) exact.set(verb, (exact.get(verb) ?? new Map()).set(path, note));
      else {
        const alike = `${verb} ${path.split("/").length}`;
        const matches = new RegExp(`^${path.replace(/:[^/]+/g, "[^/]+")}$`);
        patterns.set(alike, [...(patterns.get(alike) ?? []), { matches, note }]);
      }
    }
  }
  const assets = new Map(METHODS.map((method) => [method, metrics.answersOf(ASSETS, method)]));
  const unknown = new Map(METHODS.map((method) => [method, metrics.answersOf(UNKNOWN, method)]));
  const otherMethod = metrics.answersOf(UNKNOWN, OTHER_METHOD);

  return ({ method = "", url }) => {
    const path = routePathOf(url);
    const found = exact.get(method)?.get(path);
    if (found) return found;
    const alike = patterns.get(`${method} ${path.split("/").length}`);
    const like = alike?.find(({ matches }) => matches.test(path));
    if (like) return like.note;
    const others = path.startsWith("/assets/") ? assets : unknown;
    return others.get(method) ?? otherMethod;
  };
}
