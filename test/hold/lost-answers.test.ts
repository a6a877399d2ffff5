import { setTimeout as pause } from "node:timers/promises";
import Tokens from "csrf";
import { Pool } from "pg";
import { type Program, runProgram } from "../support/program";
import { account } from "./account";
import { environmentOn, type Somebody, settle } from "./crowd";
import { figuresOf, print } from "./figures";
import { Load, send } from "./load";
import { OwnPostgres } from "./own-postgres";
import { Wire } from "./wire";

let postgres: OwnPostgres;
let wire: Wire;
let program: Program;
let people: Somebody[];
let db: Pool;

beforeAll(async () => {
  postgres = await OwnPostgres.start();
  people = await settle(postgres.url, 6);
  wire = await Wire.to(postgres.url);
  program = await runProgram(environmentOn(wire.url));
  db = new Pool({ connectionString: postgres.url, max: 2 });
});
afterAll(async () => {
  if (program?.process.exitCode === null) await program.end("SIGTERM");
  await wire?.end();
  await db?.end();
  await postgres?.end();
});
beforeEach(() => {
  wire.mood = "passes";
});

async function save(somebody: Somebody, value: string, version: number) {
  return send(
    false,
    program.origin,
    "/profile",
    { cookie: somebody.cookie },
    {
      _csrf: new Tokens().create(somebody.csrfSecret),
      version: String(version),
      firstName: value,
      lastName: "Hopper",
      phoneNumber: "",
      sessionTimeout: "1800",
    },
  );
}

async function profileOf(somebody: Somebody): Promise<{ value: string; version: number }> {
  const { rows } = await db.query("select first_name as value, version from people where id = $1", [
    somebody.id,
  ]);
  return rows[0];
}

describe("a form whose answer from the database is lost", () => {
  it("on the way to being committed says that it is not known, and where to look; it was saved", async () => {
    const [somebody] = people as [Somebody];
    wire.mood = "loses-answer-to-commit";
    const { version } = await profileOf(somebody);
    const answer = await save(somebody, "Perhaps", version);
    expect(answer?.status).toBe(503);
    expect(answer?.headers["retry-after"]).toBeDefined();
    expect(answer?.body).toContain("It is not known whether what you sent went through");
    expect(answer?.body).not.toContain("Nothing was changed");
    expect(answer?.body).toContain('<a href="/profile">Go to the page you came from</a>');
    expect(answer?.headers["set-cookie"]).toBeUndefined();
    expect((await profileOf(somebody)).value).toBe("Perhaps");
  });

  it("before the change was sent says that nothing was changed, and nothing was", async () => {
    const [, somebody] = people as [Somebody, Somebody];
    wire.mood = "breaks-before-change";
    const before = await profileOf(somebody);
    const answer = await save(somebody, "Never", before.version);
    expect(answer?.status).toBe(503);
    expect(answer?.body).toContain("Nothing was changed");
    expect(await profileOf(somebody)).toEqual(before);
  });
});

describe("a person with a session", () => {
  it("is never taken for signed out while the database is away: no redirect, no cookie", async () => {
    wire.mood = "silent";
    const [somebody] = people as [Somebody];
    const answer = await send(false, program.origin, "/profile", { cookie: somebody.cookie });
    expect(answer?.status).toBe(503);
    expect(answer?.headers["set-cookie"]).toBeUndefined();
    expect(answer?.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(answer?.body).toContain('<a href="/profile">Try again</a>');
    expect(answer?.body).not.toContain("sign-in page");
  });
});

describe("connections that have died without a word", () => {
  it("are dropped within two seconds of the database being there again", async () => {
    const load = new Load([program.origin], db);
    load.start(people);
    await pause(1_500);
    const began = performance.now();
    wire.mood = "silent";
    await pause(8_000);
    wire.mood = "passes";
    const back = performance.now();
    await pause(4_000);
    await load.stop();
    const findings = await account(db, load, people, program.origin);
    const figures = figuresOf(load, findings, { began, back });
    print("silent", figures);
    expect(findings).toEqual({ lost: [], double: [], denied: [], half: [], chain: "intact" });
    expect(figures.broken).toBe(0);
    expect(figures.slowestMs).toBeLessThan(10_000);
    expect(figures.backAfterMs).toBeLessThan(2_000);
    expect(figures.lastRefusalMs).toBeLessThan(2_000);
  });
});
