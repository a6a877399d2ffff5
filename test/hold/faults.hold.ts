import { setTimeout as pause } from "node:timers/promises";
import { Pool } from "pg";
import { type Program, runProgram } from "../support/program";
import { account } from "./account";
import { environmentOn, type Somebody, settle } from "./crowd";
import { figuresOf, print } from "./figures";
import { Load } from "./load";
import { OwnPostgres } from "./own-postgres";
import { Probe } from "./probe";

const PEOPLE = 10;
const LONGEST_MS = 10_000;
const RECOVERY_MS = 2_000;

let postgres: OwnPostgres;
let program: Program;
let people: Somebody[];
let db: Pool;

beforeAll(async () => {
  postgres = await OwnPostgres.start({ max_connections: "40" });
  people = await settle(postgres.url, PEOPLE);
  program = await runProgram(environmentOn(postgres.url));
});
afterAll(async () => {
  if (program?.process.exitCode === null) await program.end("SIGTERM");
  await postgres?.end();
});
beforeEach(() => {
  db = new Pool({ connectionString: postgres.url, max: 2, connectionTimeoutMillis: 500, query_timeout: 500 });
  db.on("error", () => {});
});
afterEach(async () => {
  if (program.process.exitCode !== null) process.stderr.write(program.printed().slice(-4_000));
  await db.end();
});

type Fault = {
  /** Makes it; the database is away from then on. */
  happen(): Promise<unknown> | unknown;
  lastsMs: number;
  /** Ends it; the database is back from when it resolves. */
  pass(): Promise<unknown> | unknown;
};

async function hold(name: string, { happen, lastsMs, pass }: Fault) {
  const load = new Load([program.origin], db);
  load.start(people);
  await pause(1_000);
  const probe = new Probe(program.origin);
  await happen();
  const began = performance.now();
  probe.start();
  await pause(lastsMs);
  await probe.stop();
  await pass();
  const back = performance.now();
  await pause(RECOVERY_MS);
  const settled = load.refusals();
  await pause(1_000);
  const late = load.refusals() - settled;
  await load.stop();
  const findings = await account(db, load, people, program.origin);
  const figures = figuresOf(load, findings, { began, back });
  print(name, { ...figures, ...probe.figures() });
  return { load, findings, figures, late, probe: probe.figures() };
}

function expectHeld({ load, findings, figures, late, probe }: Awaited<ReturnType<typeof hold>>): void {
  expect(findings).toEqual({ lost: [], double: [], denied: [], half: [], chain: "intact" });
  expect(Object.values(load.tallies).flatMap(({ strange }) => strange)).toEqual([]);
  expect(figures.broken).toBe(0);
  expect(figures.slowestMs).toBeLessThan(LONGEST_MS);
  expect(figures.backAfterMs).toBeLessThan(RECOVERY_MS);
  expect(late).toBe(0);
  expect(probe.slowestHealthMs).toBeLessThan(1_000);
  expect(probe.slowestReadyMs).toBeLessThan(2_500);
  expect(probe.strange).toEqual([]);
}

describe("under mixed load, every answer is kept, no request hangs, and the program recovers by itself, when the database", () => {
  it("is stopped and started again", async () => {
    expectHeld(
      await hold("stopped", {
        happen: () => postgres.stop(),
        lastsMs: 2_000,
        pass: () => postgres.start(),
      }),
    );
  });

  it("is killed with SIGKILL and started again", async () => {
    expectHeld(
      await hold("killed", { happen: () => postgres.kill(), lastsMs: 1_000, pass: () => postgres.start() }),
    );
  });

  it("is restarted", async () => {
    expectHeld(
      await hold("restarted", {
        happen: async () => {
          await postgres.stop();
          await postgres.start();
        },
        lastsMs: 0,
        pass: () => {},
      }),
    );
  });

  it("is paused", async () => {
    expectHeld(
      await hold("paused", {
        happen: () => postgres.pause(),
        lastsMs: Number(process.env.PAUSE_SECONDS ?? 12) * 1000,
        pass: () => postgres.goOn(),
      }),
    );
  });
});
