import { once } from "node:events";
import { connect } from "node:net";
import { generateSync } from "otplib";
import { openTestDatabase } from "./support/database";
import { PASSWORD, setupKey } from "./support/people";
import { type Program, runProgram } from "./support/program";
import { until } from "./support/until";
import { Visitor } from "./support/visitor";

type Line = Record<string, unknown> & { level: number; time: string; msg: string };

const FORGED = '{"level":30,"time":"2030-01-01T00:00:00.000Z","msg":"forged"}';
const TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let program: Program;
/** What was printed from the start to the end, every line of it. */
let lines: string[];
/** Every request that was sent: method and path. */
const sent: string[] = [];

/** Sends a request as it stands, which no client would, and waits for the answer's end. */
async function send(method: string, target: string, headers: string[] = []): Promise<void> {
  sent.push(`${method} ${target.replace(/\?.*/s, "")}`);
  const { port } = new URL(program.origin);
  const socket = connect(Number(port), "127.0.0.1");
  const head = [`${method} ${target} HTTP/1.1`, `Host: 127.0.0.1:${port}`, "Connection: close", ...headers];
  socket.write(`${head.join("\r\n")}\r\n\r\n`, "latin1");
  socket.resume();
  await once(socket, "close");
}

beforeAll(async () => {
  database = await openTestDatabase();
  program = await runProgram({
    DATABASE_URL: database.url,
    APP_SECRET: "a secret for the tests of the log's lines alone",
    LOG_LEVEL: "trace",
  });
  // Every text that anybody can send and that a line may hold: addresses, names, emails, user names, devices, traces.
  const [address = ""] = program.setUpAddresses();
  const ada = await new Visitor(program.origin, `Browser\t${FORGED}`).open(
    address.slice(program.origin.length),
  );
  ada
    .fill("First Name", `Ada","msg":"forged`)
    .fill("Last Name", "Lovelace\\")
    .fill("Email", "ada@example.com");
  await ada.fill("Password", PASSWORD).press("Create administrator");
  await ada.fill("One-time code", generateSync({ secret: setupKey(ada) })).press("Verify");
  await ada.press("Done");
  const stranger = new Visitor(program.origin, `Other\t${FORGED}`);
  for (const email of [
    "ada@example.com",
    `a@example.com\n${FORGED}`,
    `\r\n${FORGED}\r\n`,
    '"\\\u2028\u0085\u001b[2J',
  ])
    await stranger.post("/sign-in", { email, password: `wrong\n${FORGED}` });
  await ada.open("/admin/people/invite");
  await ada.fill("Email", "grace@example.com").press("Send invitation");
  await until("the letter is in the log", () =>
    program.printed().includes('"recipient":"grace@example.com"'),
  );

  const encoded = encodeURIComponent(`\r\n${FORGED}\n`);
  await send("GET", `/${encoded}?${encoded}`);
  await send("GET", `/"}${FORGED}\\`);
  await send("GET", `/v1/${encoded}`, [`traceparent: ${TRACE}`, `X-Forwarded-For: ${FORGED}`]);
  await send("GET", "/v1/me", [`traceparent: ${FORGED}`, `Authorization: Bearer ${FORGED}`]);
  const basic = Buffer.from(`ada@example.com\n${FORGED}:key\n${FORGED}`).toString("base64");
  await send("GET", "/v1/authentication/verify", [`Authorization: Basic ${basic}`]);
  await send("PROPFIND", "/profile");
  // A failure whose stack is logged.
  await database.db.query("alter table sessions rename to away");
  await ada.open(`/profile?${encoded}`);
  await database.db.query("alter table away rename to sessions");
  expect(await program.end("SIGTERM")).toBe(0);
  expect(program.printed().endsWith("\n")).toBe(true);
  lines = program.printed().slice(0, -1).split("\n");
});
afterAll(() => database.close());

const parsed = (): Line[] => lines.map((line) => JSON.parse(line));

describe("all that the program prints", () => {
  it("is one JSON object in each line, with level, time in UTC and a message, and nothing else is printed", () => {
    expect(lines.length).toBeGreaterThan(25);
    const odd = lines.filter((line) => {
      try {
        const { level, time, msg } = JSON.parse(line);
        return !(Number.isInteger(level) && new Date(time).toISOString() === time && typeof msg === "string");
      } catch {
        return true;
      }
    });
    expect(odd).toEqual([]);
    const times = parsed().map(({ time }) => time);
    expect(times).toEqual([...times].sort());
  });

  it("holds the last words of a program that is stopped too", () => {
    const stopping = { signal: "SIGTERM", msg: "Stopping: finishing the requests under way" };
    expect(parsed().slice(-2)).toMatchObject([stopping, { msg: "Latchkey has stopped" }]);
  });

  it("tells each request in one line of the same fields", () => {
    const requests = parsed().filter(({ req }) => req !== undefined);
    const path = (line: Line) => (line.req as { path: string }).path;
    for (const line of requests) {
      const { trace_id, span_id, ...rest } = line;
      expect(Object.keys(rest)).toEqual(["level", "time", "req", "res", "responseTime", "msg"]);
      expect(Object.keys(line.req as object)).toEqual(["id", "method", "path"]);
      expect(line.res).toEqual({ status: expect.any(Number) });
      expect(["request", "request failed"]).toContain(line.msg);
      const traced = path(line).startsWith("/v1/%0D");
      expect([trace_id, span_id]).toEqual(
        traced ? ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"] : [undefined, undefined],
      );
    }
    const told = requests.map((line) => `${(line.req as { method: string }).method} ${path(line)}`);
    for (const each of sent) expect(told.filter((one) => one === each)).toHaveLength(1);
  });

  it("has fields of a known few", () => {
    const fields = new Set(parsed().flatMap((line) => Object.keys(line)));
    const known =
      "level time msg req res responseTime trace_id span_id id guessed account address err signal";
    const ofLetters = "recipient subject text";
    expect([...fields].filter((name) => !`${known} ${ofLetters}`.split(" ").includes(name))).toEqual([]);
    expect([...fields]).toEqual(expect.arrayContaining(["err", "recipient", "trace_id", "signal"]));
  });
});

describe("what somebody sends", () => {
  it("stays inside the line that tells of it, and is never a line, a field or a sign to the terminal of its own", () => {
    const all = parsed();
    expect(all.filter(({ msg, time }) => msg === "forged" || time.startsWith("2030"))).toEqual([]);
    expect(lines.filter((line) => /\p{Cc}/u.test(line))).toEqual([]);
    // It is there: as a part of a text.
    const holding = all.filter((line) => JSON.stringify(line).includes("forged"));
    expect(holding.some(({ req }) => req !== undefined)).toBe(true);
    expect(holding.some(({ text }) => String(text).includes('Ada","msg":"forged'))).toBe(true);
  });
});
