import * as fc from "fast-check";
import { takeChanges } from "./changes";
import { encode, oddHeader, oddValue } from "./odd";
import { inBatches, ODD_VALUES, READ_VALUES, SEED } from "./trial";
import { faultsOf, isNodes, takeLog } from "./watch";
import { type Sent, sendAll } from "./wire";
import { openWorld, putBack, type World } from "./world";

jest.setTimeout(3_600_000);

/** What a program says who it is by, and a reverse proxy what was asked for. */
const API_HEADERS = [
  ...["Authorization", "X-API-Key", "Cookie", "User-Agent", "Accept", "Sec-Fetch-Dest", "Sec-Fetch-Mode"],
  ...["X-Forwarded-Uri", "X-Forwarded-Method", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-For"],
  ...[
    "X-Original-URL",
    "X-Original-URI",
    "X-Original-Method",
    "X-Requested-With",
    "Host",
    "Referer",
    "X-Latchkey-Doctor",
  ],
];

const HEADERS = [
  ...["Authorization", "User-Agent", "Cookie", "Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Host"],
  ...["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Referer"],
  ...["Accept", "Accept-Encoding", "Accept-Language", "Content-Type", "Content-Encoding", "Range"],
  ...["If-None-Match", "If-Modified-Since", "X-HTTP-Method-Override", "X-CSRF-Token", "X-Request-Id"],
  ...["X-Latchkey-User", "X-Latchkey-Roles", "Traceparent"],
];

/** Where a request goes, with what it is let in by. */
type Target = { line: string; by?: "Authorization" | "X-API-Key" | "Cookie"; form?: boolean };

/** Asked by programs; the first are all an application asks. */
const PROGRAMS: Target[] = [
  { line: "GET /v1/authentication/verify", by: "Authorization" },
  { line: "GET /v1/authentication/verify", by: "X-API-Key" },
  { line: "HEAD /authentication/verify", by: "Authorization" },
  { line: "GET /v1/me", by: "Authorization" },
  { line: "GET /v1/me", by: "X-API-Key" },
  { line: "GET /auth/forward", by: "Authorization" },
  { line: "GET /auth/forward", by: "Cookie" },
  { line: "GET /auth/forward?role=reader", by: "X-API-Key" },
  { line: "GET /auth/forward" },
  { line: "GET /v1/nothing" },
  { line: "POST /v1/authentication/verify", form: true },
  { line: "GET /healthz" },
  { line: "GET /healthz/doctor" },
  { line: "GET /readyz" },
];

const PAGES: Target[] = [
  { line: "GET /" },
  { line: "GET /sign-in" },
  { line: "GET /profile", by: "Cookie" },
  { line: "GET /profile/sessions", by: "Cookie" },
  { line: "GET /session/remaining", by: "Cookie" },
  { line: "GET /style.css" },
  { line: "GET /nothing" },
  { line: "HEAD /profile", by: "Cookie" },
  { line: "POST /profile", by: "Cookie", form: true },
  { line: "POST /sign-in", form: true },
  { line: "OPTIONS *" },
  { line: "OPTIONS /profile" },
  { line: "PUT /profile", by: "Cookie", form: true },
  { line: "DELETE /profile", by: "Cookie" },
  { line: "TRACE /" },
];

const addressed = oddValue.chain((value) => {
  const part = value.replace(/[^\x21-\x7e]/g, "").slice(0, 3_000);
  const lines = [
    "GET /",
    "GET /profile/",
    "GET /v1/",
    "GET /authentication/verify",
    "GET //",
    "GET /?",
    "POST /",
  ];
  return fc.constantFrom<Target>(
    ...lines.map((line) => ({ line: line + part })),
    { line: `GET http://evil.example/${part}` },
    { line: `GET /v1/authentication/verify?${part}` },
    { line: `${part.slice(0, 20).replace(/\W/g, "") || "X"} /` },
  );
});

type Drawn = { target: Target; odd: [name: string, value: string][] };

const drawnFrom = (target: fc.Arbitrary<Target>, headers: string[]): fc.Arbitrary<Drawn> =>
  fc.record({
    target,
    odd: fc.array(fc.tuple(fc.constantFrom(...headers), oddHeader), {
      minLength: 1,
      maxLength: 14,
      size: "max",
    }),
  });

function write({ target, odd }: Drawn, { good, senders: { member } }: World): Sent {
  const good_: Record<string, string> = {
    Host: "latchkey.example",
    ...(target.by === "Authorization" && { Authorization: `Basic ${btoa(`grace@example.com:${good.key}`)}` }),
    ...(target.by === "X-API-Key" && { "X-API-Key": good.key }),
    ...(target.by === "Cookie" && { Cookie: member.cookie }),
    ...(target.form && { "Content-Type": "application/x-www-form-urlencoded" }),
  };
  for (const [name] of odd) delete good_[name];
  const body = target.form
    ? `_csrf=${encode(member.token)}&firstName=Grace&lastName=Hopper&phoneNumber=&sessionTimeout=1800&version=1`
    : "";
  const lines = [...Object.entries(good_), ...odd].map(([name, value]) => `${name}: ${value}`);
  if (!good_.Host && !odd.some(([name]) => name === "Host")) lines.push("Host: x");
  if (target.form) lines.push(`Content-Length: ${body.length}`);
  const bytes = Buffer.from(`${target.line} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`, "latin1");
  return { bytes, head: target.line.startsWith("HEAD") };
}

const isVerification = ({ line }: Target) => /^(GET|HEAD) (\/v1)?\/authentication\/verify(\?|$)/.test(line);

describe.each([
  ["by itself", false],
  ["behind a proxy it trusts", true],
])(`a desk %s, asked with odd headers (FUZZ_SEED=${SEED})`, (_how, trustProxy) => {
  let world: World;
  const told: string[] = [`Headers, trusting a proxy: ${trustProxy}, FUZZ=${ODD_VALUES} FUZZ_SEED=${SEED}:`];
  beforeAll(async () => {
    world = await openWorld({ trustProxy });
  });
  afterAll(async () => {
    console.info(told.join("\n"));
    await world.close();
  });

  // Either way of asking half as often; what no program is asked by, less often.
  it.each([
    ["programs ask", fc.constantFrom(...PROGRAMS), API_HEADERS, READ_VALUES / 2],
    ["people open", fc.constantFrom(...PAGES), HEADERS, ODD_VALUES / 5],
    ["nobody knows", addressed, HEADERS, ODD_VALUES / 5],
  ])("answers what %s", async (what, target, headers, enough) => {
    const odd = new Map<string, number>(headers.map((name) => [name, 0]));
    let requests = 0;
    const began = performance.now();
    await inBatches(
      drawnFrom(target, headers),
      async (drawn) => {
        await tryBatch(drawn, world);
        requests += drawn.length;
        for (const [name] of drawn.flatMap((each) => each.odd)) odd.set(name, (odd.get(name) ?? 0) + 1);
      },
      () => Math.min(...odd.values()) >= enough,
    );
    const rate = Math.round((requests * 1000) / (performance.now() - began));
    const least = Math.min(...odd.values());
    told.push(
      `What ${what}: ${requests} requests, each header odd ${least} times or more, ${rate} per second`,
    );
  });
});

/** Sends these at once and throws for whatever none of them may do. */
async function tryBatch(drawn: Drawn[], world: World): Promise<void> {
  const { desk, wires } = world;
  await putBack(world);
  desk.log.length = 0;
  const requests = drawn.map((each) => write(each, world));
  const answers = await sendAll(wires, requests);
  const faults = answers.flatMap((answer, i) => {
    const target = drawn[i]?.target ?? { line: "" };
    const found = faultsOf(answer, desk.origin);
    if (isVerification(target) && !isNodes(answer)) {
      const odd = new Set(drawn[i]?.odd.map(([name]) => name));
      const good = target.by && !odd.has(target.by) && !odd.has("Authorization");
      const expected = good ? 200 : 401;
      if (answer.status !== expected) found.push(`a key check answered ${answer.status}`);
      if (answer.body !== "" || answer.headers["set-cookie"] || answer.headers.location)
        found.push("a key check said more");
    }
    const site = drawn[i]?.odd.find(([name]) => name === "Sec-Fetch-Site")?.[1].trim();
    if (target.form && site && !/^(same-origin|none)$/.test(site) && answer.status < 400)
      found.push("a form of another site");
    return found.map((fault) => `${fault}\n${requests[i]?.bytes.toString("latin1").slice(0, 3000)}`);
  });
  if (faults.length > 0) throw new Error(faults.slice(0, 3).join("\n\n"));
  const changes = await takeChanges(desk);
  if (changes.length > 0) throw new Error(`Something changed: ${JSON.stringify(changes)}`);
  await new Promise((resolve) => setImmediate(resolve));
  takeLog(desk, answers.filter((answer) => !isNodes(answer)).length);
}
