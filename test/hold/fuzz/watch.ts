import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import type { TestDesk } from "../../support/desk";
import type { Answer } from "./wire";

const FOR_PAGES = {
  "content-security-policy": /^default-src 'none';script-src 'self';/,
  "x-frame-options": /^DENY$/,
  "referrer-policy": /^same-origin$/,
  "x-content-type-options": /^nosniff$/,
};

/** What is wrong with an answer, whatever was asked; to `origin`'s page for signing in a reverse proxy leads, too. */
export function faultsOf(answer: Answer, origin?: string): string[] {
  const faults: string[] = [];
  const { status, headers } = answer;
  if (!(status >= 200 && status < 500)) faults.push(`status ${status}`);
  if (isNodes(answer)) return faults;
  const body = unpacked(answer);
  if (headers["x-content-type-options"] !== "nosniff") faults.push("no X-Content-Type-Options");
  const type = headers["content-type"] ?? "";
  if (type.startsWith("text/html") || headers.location !== undefined) {
    for (const [name, pattern] of Object.entries(FOR_PAGES))
      if (!pattern.test(headers[name] ?? "")) faults.push(`${name}: ${headers[name]}`);
    if (headers["cache-control"] !== "no-store") faults.push(`cache-control: ${headers["cache-control"]}`);
  }
  if (type.startsWith("text/html")) faults.push(...reflected(body));
  else if (body !== "" && !/^(text\/(plain|csv)|application\/json)/.test(type)) faults.push(`type ${type}`);
  if (/\n\s+at \S+ \(|\.[jt]s:\d+:\d+|node_modules/.test(body)) faults.push("a stack trace");
  const { location } = headers;
  const path = location?.startsWith(`${origin}/sign-in`) ? location.slice(origin?.length) : location;
  if (path !== undefined && !/^\/(?![/\\])[\x21-\x7e]*$/.test(path)) faults.push(`leads to ${location}`);
  if (
    headers["set-cookie"] !== undefined &&
    !/^latchkey=[^;]*; Path=\/; [^\n]*HttpOnly; SameSite=Lax$/.test(headers["set-cookie"])
  )
    faults.push(`cookie ${headers["set-cookie"]}`);
  return faults;
}

/** True for an answer Node gave by itself to what is no HTTP, before there was a request. */
export function isNodes({ status, headers, body }: Answer): boolean {
  return [400, 408, 413, 431].includes(status) && body === "" && headers.connection === "close";
}

function unpacked({ headers, body }: Answer): string {
  const packed = Buffer.from(body, "latin1");
  const encoding = headers["content-encoding"];
  if (encoding === undefined || body === "") return body;
  const open = { gzip: gunzipSync, br: brotliDecompressSync, deflate: inflateSync }[encoding];
  if (!open) throw new Error(`Nobody can read ${encoding}`);
  return open(packed).toString("latin1");
}

/** The marker of odd.ts with one of its signs unescaped, and links that run a script. */
function reflected(html: string): string[] {
  const faults: string[] = [];
  for (const [found] of html.matchAll(/zq.{0,60}?qz/gs)) {
    if (/[<>"']/.test(found)) faults.push(`not escaped: ${found}`);
  }
  // Where a value happens to end with "zq" or "zq<", the page's own sign follows.
  if (/zq<["'<]|zq&lt;"'/.test(html)) faults.push("the marker's beginning is not escaped");
  if (/<script(?! src="\/)/i.test(html)) faults.push("a script of somebody else's");
  if (/(?:href|action|src)="(?:javascript|data:text\/html|\/\/|\\|https?:\/\/evil)/i.test(html))
    faults.push("a link to elsewhere");
  return faults;
}

/** Takes what was logged; throws unless each line is one object in JSON and there is one for each of these requests. */
export function takeLog(desk: TestDesk, requests: number): void {
  const lines = desk.log.splice(0);
  const forged: string[] = [];
  let answered = 0;
  for (const line of lines) {
    const read = readLine(line);
    if (!read || read.msg === "forged") forged.push(line);
    else if (read.req) answered += 1;
  }
  if (forged.length > 0)
    throw new Error(`These lines of the log are not what they should be:\n${forged.join("")}`);
  if (answered !== requests) throw new Error(`${requests} requests were logged as ${answered}`);
}

function readLine(line: string): Record<string, unknown> | undefined {
  if (line.indexOf("\n") !== line.length - 1) return undefined;
  try {
    const read: unknown = JSON.parse(line);
    return typeof read === "object" && read !== null ? (read as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
