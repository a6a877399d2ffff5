import * as fc from "fast-check";
import { encode, oddHeader, oddValue } from "./odd";
import { ODD_VALUES, RUNS, SEED } from "./try-rows";
import { everything, faultsOf, isNodes, takeLog } from "./watch";
import { type Sent, sendAll } from "./wire";
import { openWorld, putBack, type World } from "./world";

jest.setTimeout(3_600_000);

const HEADERS = [
  ...[
    "Authorization",
    "X-API-Key",
    "User-Agent",
    "Cookie",
    "Origin",
    "Sec-Fetch-Site",
    "Sec-Fetch-Mode",
    "Host",
  ],
  ...["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Referer"],
  ...["Accept", "Accept-Encoding", "Accept-Language", "Content-Type", "Content-Encoding", "Range"],
  ...["If-None-Match", "If-Modified-Since", "X-HTTP-Method-Override", "X-CSRF-Token", "X-Request-Id"],
  ...["X-Latchkey-User", "X-Latchkey-Roles"],
];

/** Where a request goes, with what it needs to be let in. */
type Target = { line: string; signedIn?: boolean; form?: boolean };

/** Asked by programs; the first are all an application asks. */
const PROGRAMS: Target[] = [
  { line: "GET /v1/authentication/verify" },
  { line: "HEAD /authentication/verify" },
  { line: "GET /v1/me" },
  { line: "GET /v1/nothing" },
  { line: "POST /v1/authentication/verify", form: true },
  { line: "GET /healthz" },
  { line: "GET /readyz" },
];

const PAGES: Target[] = [
  { line: "GET /" },
  { line: "GET /sign-in" },
  { line: "GET /profile", signedIn: true },
  { line: "GET /profile/sessions", signedIn: true },
  { line: "GET /session/remaining", signedIn: true },
  { line: "GET /style.css" },
  { line: "GET /nothing" },
  { line: "HEAD /profile", signedIn: true },
  { line: "POST /profile", signedIn: true, form: true },
  { line: "POST /sign-in", form: true },
  { line: "OPTIONS *" },
  { line: "OPTIONS /profile" },
  { line: "PUT /profile", signedIn: true, form: true },
  { line: "DELETE /profile", signedIn: true },
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

const drawnFrom = (target: fc.Arbitrary<Target>): fc.Arbitrary<Drawn> =>
  fc.record({
    target,
    odd: fc.array(fc.tuple(fc.constantFrom(...HEADERS), oddHeader), {
      minLength: 1,
      maxLength: 14,
      size: "max",
    }),
  });

function write({ target, odd }: Drawn, { good, senders: { member } }: World): Sent {
  const good_: Record<string, string> = {
    Host: "latchkey.example",
    Authorization: `Basic ${Buffer.from(`grace@example.com:${good.key}`).toString("base64")}`,
    ...(target.signedIn && { Cookie: member.cookie }),
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

  it.each([
    ["programs ask", fc.constantFrom(...PROGRAMS)],
    ["people open", fc.constantFrom(...PAGES)],
    ["nobody knows", addressed],
  ])("answers what %s", async (what, target) => {
    const odd = new Map<string, number>(HEADERS.map((name) => [name, 0]));
    let requests = 0;
    const began = performance.now();
    const batch = fc.array(drawnFrom(target), { minLength: 1, maxLength: 200, size: "max" });
    const property = fc.asyncProperty(batch, async (drawn) => {
      await tryBatch(drawn, world);
      requests += drawn.length;
      for (const [name] of drawn.flatMap((each) => each.odd)) odd.set(name, (odd.get(name) ?? 0) + 1);
    });
    for (let run = 0; Math.min(...odd.values()) < ODD_VALUES; run++)
      await fc.assert(property, { ...RUNS, seed: SEED + run });
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
  const before = await everything(desk);
  desk.log.length = 0;
  const requests = drawn.map((each) => write(each, world));
  const answers = await sendAll(wires, requests);
  const faults = answers.flatMap((answer, i) => {
    const target = drawn[i]?.target ?? { line: "" };
    const found = faultsOf(answer);
    if (isVerification(target) && !isNodes(answer)) {
      const credentials = drawn[i]?.odd.some(([name]) => name === "Authorization");
      const expected = credentials ? 401 : 200;
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
  const after = await everything(desk);
  if (before.state !== after.state) throw new Error(`Something changed: ${before.state}\n${after.state}`);
  await new Promise((resolve) => setImmediate(resolve));
  takeLog(desk, answers.filter((answer) => !isNodes(answer)).length);
}
