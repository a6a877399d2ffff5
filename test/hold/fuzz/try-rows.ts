import * as fc from "fast-check";
import { type Envelope, encode, envelope, fieldShape, oddValue, plain, strangeFields } from "./odd";
import type { Row } from "./rows";
import { everything, faultsOf, takeLog } from "./watch";
import { type Answer, type Sent, sendAll } from "./wire";
import { openWorld, putBack, type World } from "./world";

/** How many odd values each field gets; FUZZ=10000 is the full run. */
export const ODD_VALUES = Number(process.env.FUZZ ?? 60);

/** Printed with a failure, and settable: the same seed tries the same values. */
export const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));

// Few, so that many batches hold nothing that is accepted: after those all must be as it was.
const BATCH = 40;

/** Two batches at a time; what failed is made small for half a minute. */
export const RUNS = { numRuns: 2, interruptAfterTimeLimit: 30_000 };

/** A value for a field as it is written in a form; undefined stands for the good one. */
type Chosen = string | undefined;

/** One request, before the good values of the world are known. */
type Drawn = {
  fields: Record<string, Chosen>;
  query: Record<string, Chosen>;
  token: Chosen;
  id: Chosen;
  shape: "once" | "twice" | "list" | "object";
  strange: string | undefined;
  free: string | undefined;
  envelope: Envelope;
};

const sometimes = <T>(arbitrary: fc.Arbitrary<T>, oneIn: number): fc.Arbitrary<T | undefined> =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: oneIn - 1 }, { arbitrary, weight: 1 });

/** Half of the time all fields are odd at once, else one alone, so that it is looked at by whatever comes last. */
function fieldsOf(fields: Record<string, string | null> = {}): fc.Arbitrary<Record<string, Chosen>> {
  const entries = Object.entries(fields);
  const record = (odd: (name: string) => boolean) =>
    fc.record(
      Object.fromEntries(
        entries.map(([name, good]) => [name, good === null || odd(name) ? oddValue : fc.constant(undefined)]),
      ),
    );
  const alone = entries.filter(([, good]) => good !== null).map(([name]) => record((each) => each === name));
  if (alone.length === 0) return record(() => true);
  return fc.oneof(
    { arbitrary: record(() => true), weight: 5 },
    { arbitrary: fc.oneof(...alone), weight: 5 },
    // Good in themselves: what is odd is around them.
    { arbitrary: record(() => false), weight: 1 },
  );
}

function requestOf(row: Row): fc.Arbitrary<Drawn> {
  const post = row.method === "POST";
  return fc.record({
    fields: fieldsOf(row.fields),
    query: fieldsOf(row.query),
    token: post ? sometimes(oddValue, 12) : fc.constant(undefined),
    id: row.id ? sometimes(oddValue, 5) : fc.constant(undefined),
    shape: fieldShape,
    strange: sometimes(strangeFields, 15),
    free: row.free ? sometimes(oddValue, 2) : fc.constant(undefined),
    envelope: post ? envelope : fc.constant(plain),
  });
}

/** Writes a request as its bytes; `agent` is the name by which the trail tells it from others. */
function write(row: Row, drawn: Drawn, { good, senders }: World, agent: string): Sent {
  const resolved = (text: string | null | undefined) =>
    encode(text?.startsWith("@") ? (good[text.slice(1)] ?? "") : (text ?? ""));
  const pairs = (fields: Record<string, Chosen>, goods: Record<string, string | null> = {}) =>
    Object.entries(fields).map(([name, value]) => {
      const is = value ?? resolved(goods[name]);
      if (drawn.shape === "twice") return `${name}=${is}&${name}=${is}`;
      return `${name}${{ list: "[]", object: "[b]", once: "" }[drawn.shape]}=${is}`;
    });
  const more = [
    ...(drawn.strange === undefined ? [] : [drawn.strange]),
    ...(drawn.free === undefined ? [] : (row.free ?? []).map((begin) => `${begin}${drawn.free}=on`)),
  ];
  const { cookie, token } = senders[row.by];
  const own = [...pairs(drawn.fields, row.fields), ...more];
  const query = (row.method === "GET" ? own : pairs(drawn.query, row.query)).join("&");
  const path = row.path.replace(":id", pathPart(drawn.id) ?? good[row.id ?? ""] ?? "");
  // What is longer than a line of HTTP may be is left out of addresses; Node would answer it by itself.
  const address = query ? `${path}?${visible(query).slice(0, 12_000)}` : path;
  const csrf = `_csrf=${drawn.token ?? encode(token)}`;
  const { body, headers } = drawn.envelope([csrf, ...own].join("&"));
  const lines = [
    `${row.method} ${address} HTTP/1.1`,
    "Host: latchkey.example",
    `User-Agent: ${agent}`,
    ...(cookie ? [`Cookie: ${cookie}`] : []),
    ...(row.method === "GET" ? [] : [...headers, `Content-Length: ${body.length}`]),
  ];
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  return { bytes: row.method === "GET" ? head : Buffer.concat([head, body]) };
}

/** One part of a path, of signs that may stand in a request line. */
function pathPart(id: Chosen): Chosen {
  return id === undefined ? undefined : visible(id).replace(/[/?#]/g, "").slice(0, 8_000);
}

function visible(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, "");
}

/** An answer as rows describe it: the status, then where it leads or what its page is called. */
function nameOf({ status, headers, body }: Answer): string {
  if (headers.location !== undefined) return `${status} ${headers.location}`;
  return `${status} ${/<title>([^<]*)/.exec(body)?.[1] ?? ""}`.trim();
}

let sent = 0;

/** Tries a row with odd values until each field had ODD_VALUES of them; says how many requests that took. */
export async function tryRow(row: Row, world: World): Promise<{ requests: number; done: number }> {
  const odd = new Map<string, number>();
  const counts = { requests: 0, done: 0 };
  const fields = [...Object.keys(row.fields ?? {}), ...Object.keys(row.query ?? {})];
  const batch = fc.array(requestOf(row), { minLength: 1, maxLength: BATCH, size: "max" });
  const enough = () => {
    const least = Math.min(...fields.map((field) => odd.get(field) ?? 0));
    // A form without fields has its token, its shape and whatever else is sent along.
    return (fields.length > 0 ? least : counts.requests / 2) >= ODD_VALUES;
  };
  const property = fc.asyncProperty(batch, async (drawn) => {
    const { requests, done } = await tryBatch(row, drawn, world);
    counts.requests += requests;
    counts.done += done;
    for (const { fields, query } of drawn)
      for (const [name, value] of Object.entries({ ...fields, ...query }))
        if (value !== undefined) odd.set(name, (odd.get(name) ?? 0) + 1);
  });
  for (let run = 0; !enough(); run++) await fc.assert(property, { ...RUNS, seed: SEED + run });
  return counts;
}

/** Sends these at once and throws for whatever none of them may do. */
async function tryBatch(row: Row, drawn: Drawn[], world: World): Promise<{ requests: number; done: number }> {
  const { desk, wires } = world;
  await putBack(world);
  const before = await everything(desk);
  takeLog(desk, desk.log.filter((line) => line.includes('"req"')).length);
  const agents = drawn.map(() => `fuzz/${sent++}`);
  const requests = drawn.map((each, i) => write(row, each, world, agents[i] ?? ""));
  const answers = await sendAll(wires, requests);
  const faults = answers.flatMap((answer, i) =>
    faultsOf(answer).map((fault) => `${fault}\n${requests[i]?.bytes.toString("latin1").slice(0, 3000)}`),
  );
  if (faults.length > 0) throw new Error(faults.slice(0, 3).join("\n\n"));
  const done = answers.map((answer) => row.done.test(nameOf(answer)));
  const after = await everything(desk);
  const { rows: entries } = await desk.db.query<{ client: string; action: string }>(
    "select client, action from trail where id > $1",
    [before.lastEntry],
  );
  const wrong = entries.filter(({ client }) => !done[agents.indexOf(client)]);
  if (wrong.length > 0) {
    const first = agents.indexOf(wrong[0]?.client ?? "");
    const answer = answers[first];
    throw new Error(
      `${JSON.stringify(wrong)} came of "${answer && nameOf(answer)}":\n${requests[first]?.bytes.toString("latin1")}`,
    );
  }
  const told = entries.length > 0 || (row.quiet && done.includes(true));
  if (!told && before.state !== after.state)
    throw new Error(`Something changed, and nothing tells of it: ${before.state}\n${after.state}`);
  await logWritten(world, drawn.length);
  return { requests: drawn.length, done: done.filter(Boolean).length };
}

/** The line of a request is written when its answer is closed, which may be after it has arrived. */
async function logWritten({ desk }: World, requests: number): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  takeLog(desk, requests);
}

/** Makes a test of each row, on one desk, and tells at the end how much was tried. */
export function tryEach(whose: string, rows: Row[], open: () => Promise<World> = openWorld): void {
  let world: World;
  const told: string[] = [`Forms and pages of ${whose}, FUZZ=${ODD_VALUES} FUZZ_SEED=${SEED}:`];
  beforeAll(async () => {
    world = await open();
  });
  afterAll(async () => {
    console.info(told.join("\n"));
    await world.close();
  });

  describe(`odd values from ${whose} (FUZZ_SEED=${SEED})`, () => {
    it.each(rows)("do nothing but what $method $path is for", async (row) => {
      const began = performance.now();
      const { requests, done } = await tryRow(row, world);
      const rate = Math.round((requests * 1000) / (performance.now() - began));
      told.push(`${row.method} ${row.path}: ${requests} requests, ${done} accepted, ${rate} per second`);
    });
  });
}
