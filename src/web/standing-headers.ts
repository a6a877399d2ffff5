import { type IncomingMessage, ServerResponse, validateHeaderName, validateHeaderValue } from "node:http";

/** Headers that answers begin with, written out once. */
export type StandingHeaders = {
  readonly headers: Readonly<Record<string, string>>;
  /** Each as a line of a head, by its name in lower case. */
  readonly lines: ReadonlyMap<string, string>;
  /** All the lines. */
  readonly text: string;
  /** The same without one, by its name, as often asked for. */
  readonly cut: Map<string, StandingHeaders>;
};

declare module "node:http" {
  interface ServerResponse {
    /** What this answer begins with. */
    standing?: StandingHeaders;
    /** How Node writes a head; it does not document this. */
    _storeHeader(statusLine: string, headers: object | undefined): void;
  }
}

/** Writes headers out. Throws for a name or a value that no header can have. */
export function standingHeaders(headers: Record<string, string>): StandingHeaders {
  const lines = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    lines.set(name.toLowerCase(), `${name}: ${value}\r\n`);
  }
  return { headers, lines, text: [...lines.values()].join(""), cut: new Map() };
}

/**
 * Lets an answer begin with these headers, all in one text, but for those that are set on it as well, by name or by an
 * object given to `writeHead`. On one that was not born for this they are set one by one, as Node has it, at several times the cost.
 */
export function beginWith(res: ServerResponse, standing: StandingHeaders): void {
  if ("standing" in res) res.standing = standing;
  else for (const [name, value] of Object.entries(standing.headers)) res.setHeader(name, value);
}

/** Takes one of these headers back from an answer; `name` as they have it. */
export function beginWithout(res: ServerResponse, name: string): void {
  res.removeHeader(name);
  const { standing } = res;
  if (!standing || !(name in standing.headers)) return;
  let rest = standing.cut.get(name);
  if (!rest) {
    const { [name]: _cut, ...others } = standing.headers;
    rest = standingHeaders(others);
    standing.cut.set(name, rest);
  }
  res.standing = rest;
}

const NOTHING = standingHeaders({});
const storeHeader = ServerResponse.prototype._storeHeader;

/** Makes answers of this class able to begin with something, if Node writes heads as it is known to. */
export function bornToBegin(Answer: {
  prototype: ServerResponse;
  new (req: IncomingMessage): ServerResponse;
}): void {
  Answer.prototype.standing = NOTHING;
  Answer.prototype._storeHeader = storeWithStanding;
  if (beginsAsTold(Answer)) return;
  for (const name of ["standing", "_storeHeader"]) Reflect.deleteProperty(Answer.prototype, name);
}

function storeWithStanding(this: ServerResponse, statusLine: string, headers: object | undefined): void {
  storeHeader.call(this, statusLine + linesBeside(headers, this.standing ?? NOTHING), headers);
}

function linesBeside(headers: object | undefined, { lines, text }: StandingHeaders): string {
  for (const name in headers) if (lines.has(name.toLowerCase())) return otherLines(headers, lines);
  return text;
}

function otherLines(headers: object, lines: StandingHeaders["lines"]): string {
  const own = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  return [...lines].map(([name, line]) => (own.has(name) ? "" : line)).join("");
}

function beginsAsTold(Answer: new (req: IncomingMessage) => ServerResponse): boolean {
  const probe = new Answer({ method: "GET" } as IncomingMessage) as ServerResponse & { _header?: string };
  beginWith(probe, standingHeaders({ "X-Probe": "1" }));
  probe.writeHead(200);
  return /^HTTP\/1\.1 200 OK\r\nX-Probe: 1\r\n.*\r\n\r\n$/s.test(String(probe._header));
}
