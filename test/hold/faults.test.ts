import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client, Pool } from "pg";
import { type Program, runProgram } from "../support/program";
import { until } from "../support/until";
import { account } from "./account";
import { environmentOn, type Somebody, settle } from "./crowd";
import { figuresOf, print } from "./figures";
import { Load, send } from "./load";
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
  /** What /readyz says meanwhile, 503 unless given: where connections go on, the program does too. */
  ready?: number[];
  /** Makes it; the database is away from then on. */
  happen(): Promise<unknown> | unknown;
  lastsMs: number;
  /** Ends it; the database is back from when it resolves. */
  pass(): Promise<unknown> | unknown;
};

async function hold(name: string, { happen, lastsMs, pass, ready = [503] }: Fault) {
  const load = new Load([program.origin], db);
  load.start(people);
  await pause(1_000);
  const probe = new Probe(program.origin, ready);
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
        // It is back before anybody is asked.
        ready: [200, 503],
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

  it("has no connection left", async () => {
    const taken: Client[] = [];
    expectHeld(
      await hold("no connections", {
        happen: async () => {
          // Those who are thrown out come back at once, until all places are taken.
          for (let full = false; !full; ) {
            await taken[0]?.query(
              "select pg_terminate_backend(pid) from pg_stat_activity where application_name = '' and backend_type = 'client backend'",
            );
            full = !(await takeOne(taken));
          }
          await taken[0]?.query(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = '' and backend_type = 'client backend'",
          );
          while (await takeOne(taken));
        },
        lastsMs: 2_000,
        pass: () => Promise.all(taken.map((client) => client.end())),
        ready: [200, 503],
      }),
    );
  });

  const onSmallDisk = canMount() ? it : it.skip;
  onSmallDisk("has its disk full", async () => {
    const disk = mkdtempSync(path.join(tmpdir(), "latchkey-disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=200m,mode=755", "none", disk]);
    const [before, usual] = [postgres, { program, people, db }];
    try {
      postgres = await OwnPostgres.start(
        { max_wal_size: "64MB", min_wal_size: "32MB" },
        path.join(disk, "data"),
      );
      people = await settle(postgres.url, PEOPLE);
      program = await runProgram(environmentOn(postgres.url));
      db = new Pool({ connectionString: postgres.url, max: 2, connectionTimeoutMillis: 500 });
      db.on("error", () => {});
      const ballast = path.join(disk, "ballast");
      expectHeld(
        await hold("disk full", {
          happen: async () => {
            fill(ballast);
            const client = await postgres.connect();
            // The segment of the log that is being written has room left: the next one has none.
            await client.query("select pg_switch_wal()").catch(() => {});
            await client.end().catch(() => {});
          },
          lastsMs: 4_000,
          pass: async () => {
            rmSync(ballast);
            await postgres.restartIfGone();
          },
          ready: [200, 503],
        }),
      );
      await program.end("SIGTERM");
      await db.end();
      await postgres.end();
    } finally {
      execFileSync("umount", ["-l", disk]);
      postgres = before;
      ({ program, people, db } = usual);
    }
  });
});

describe("the Postgres that Latchkey brings along", () => {
  it("is started again by itself after a SIGKILL, and the program is ready again within five seconds", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "latchkey-embedded-"));
    const own = await runProgram({ DATA_DIR: path.join(folder, "data") });
    try {
      const pid = Number.parseInt(
        readFileSync(path.join(folder, "data/postgres/postmaster.pid"), "utf8"),
        10,
      );
      process.kill(pid, "SIGKILL");
      const killed = performance.now();
      const ready = async () => (await send(false, own.origin, "/readyz"))?.status;
      await until("the program notices", async () => (await ready()) === 503);
      await until("the program is ready", async () => (await ready()) === 200);
      const readyMs = Math.round(performance.now() - killed);
      print("embedded killed", { readyMs });
      expect(readyMs).toBeLessThan(5_000);
    } finally {
      await own.end("SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

async function takeOne(taken: Client[]): Promise<boolean> {
  const client = new Client({ connectionString: postgres.url, application_name: "taken" });
  client.on("error", () => {});
  try {
    await client.connect();
    taken.push(client);
    return true;
  } catch (error) {
    expect((error as { code?: string }).code).toBe("53300");
    return false;
  }
}

function fill(file: string): void {
  const handle = openSync(file, "w");
  try {
    for (;;) writeSync(handle, Buffer.alloc(64 * 1024));
  } catch {
    // It is full.
  } finally {
    closeSync(handle);
  }
}

function canMount(): boolean {
  const place = mkdtempSync(path.join(tmpdir(), "latchkey-mount-"));
  const tried = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", place]);
  if (tried.status === 0) execFileSync("umount", [place]);
  rmSync(place, { recursive: true, force: true });
  return tried.status === 0;
}
