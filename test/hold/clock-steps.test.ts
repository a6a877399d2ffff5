import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Pool } from "pg";
import { type Program, runProgram } from "../support/program";
import { account } from "./account";
import { Clock, FAKETIME } from "./clock";
import { environmentOn, type Somebody, settle } from "./crowd";
import { figuresOf, print } from "./figures";
import { Load } from "./load";
import { OwnPostgres } from "./own-postgres";

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
const NINETY_DAYS = 90 * DAY;
// One in five of ten people.
const SIGNING_IN = 2;

const withClocks = FAKETIME ? describe : describe.skip;
if (!FAKETIME) process.stderr.write("Skipped, clocks that step: libfaketime is not installed\n");

let folder: string;
let programClock: Clock;
let databaseClock: Clock;
let postgres: OwnPostgres;
let program: Program;
let people: Somebody[];
let db: Pool;

withClocks("under mixed load, every answer is kept and nobody is signed out, when", () => {
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "latchkey-clocks-"));
    chmodSync(folder, 0o755);
    programClock = new Clock(path.join(folder, "program"));
    databaseClock = new Clock(path.join(folder, "database"));
    postgres = await OwnPostgres.start({}, undefined, onClock(databaseClock));
    people = await settle(postgres.url, 10);
    db = new Pool({ connectionString: postgres.url, max: 2 });
    await db.query("update people set session_timeout = $1", [NINETY_DAYS]);
    program = await runProgram({ ...environmentOn(postgres.url), ...programClock.environment });
  });
  afterAll(async () => {
    await program?.end("SIGTERM");
    await db?.end();
    await postgres?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each<[what: string, clocks: () => Clock[], steps: number[]]>([
    ["both clocks are set five minutes on and back", () => [programClock, databaseClock], [5 * MINUTE, 0]],
    ["both clocks are set a day back and on again", () => [programClock, databaseClock], [-DAY, 0]],
    ["the program's clock is set an hour on and back", () => [programClock], [60 * MINUTE, 0]],
    ["the program's clock is set an hour back and on", () => [programClock], [-60 * MINUTE, 0]],
    ["the database's clock is set an hour on and back", () => [databaseClock], [60 * MINUTE, 0]],
    ["the database's clock is set an hour back and on", () => [databaseClock], [-60 * MINUTE, 0]],
  ])("%s", async (what, clocks, steps) => {
    const load = new Load([program.origin], db);
    load.sessionTimeout = NINETY_DAYS;
    load.start(people);
    const began = performance.now();
    for (const seconds of steps) {
      await pause(2_000);
      for (const clock of clocks()) clock.set(seconds);
      if (clocks().includes(programClock)) load.clockAhead = seconds;
    }
    const back = performance.now();
    await pause(2_000);
    await load.stop();
    const findings = await account(db, load, people, program.origin);
    const figures = figuresOf(load, findings, { began, back });
    print(what, { ...figures, signIns: load.told.cookies.length });
    expect(findings).toEqual({ lost: [], double: [], denied: [], half: [], chain: "intact" });
    // A code that was made before the clock was set is of another time when it arrives.
    const strange = Object.values(load.tallies).flatMap((tally) => tally.strange);
    const late = strange.filter((answer) => answer.startsWith("422 /sign-in/two-factor"));
    expect(strange.filter((answer) => !late.includes(answer))).toEqual([]);
    expect(late.length).toBeLessThanOrEqual(clocks().includes(programClock) ? SIGNING_IN * steps.length : 0);
    // Postgres measures its limits by the clock it tells: set on, it ends the statements it is at.
    expect(figures.refused).toBeLessThanOrEqual(clocks().includes(databaseClock) ? people.length : 0);
    expect(figures.broken).toBe(0);
    expect(load.told.cookies.length).toBeGreaterThan(0);
  });
});

/** Makes of Postgres a program that becomes it, on this clock. */
function onClock({ environment }: Clock): (postgres: string) => string {
  return (postgres) => {
    const file = path.join(folder, "postgres");
    const settings = Object.entries(environment).map(([name, value]) => `${name}='${value}'`);
    writeFileSync(file, `#!/bin/sh\n${settings.join(" ")} exec "${postgres}" "$@"\n`, { mode: 0o755 });
    return file;
  };
}
