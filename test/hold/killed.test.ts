import { setTimeout as pause } from "node:timers/promises";
import { Pool } from "pg";
import { freePort, type Program, runProgram } from "../support/program";
import { account } from "./account";
import { environmentOn, settle } from "./crowd";
import { figuresOf, print } from "./figures";
import { Load } from "./load";
import { OwnPostgres } from "./own-postgres";

const KILLS = Number(process.env.KILLS ?? 20);
const REPLICAS = 2;

let postgres: OwnPostgres;
const programs: Program[] = [];
afterAll(async () => {
  for (const program of programs) if (program.process.exitCode === null) await program.end("SIGTERM");
  await postgres?.end();
});

describe("under mixed load on two replicas, each killed with SIGKILL in its turn", () => {
  it(
    `${KILLS} times, no answered change is lost, none is half done or done twice, and the trail's chain is whole`,
    async () => {
      postgres = await OwnPostgres.start();
      const people = await settle(postgres.url, 10);
      const ports = await Promise.all(Array.from({ length: REPLICAS }, freePort));
      const start = (n: number) => runProgram({ ...environmentOn(postgres.url), PORT: String(ports[n]) });
      for (const n of ports.keys()) programs[n] = await start(n);
      const db = new Pool({ connectionString: postgres.url, max: 2 });
      const load = new Load(
        programs.map(({ origin }) => origin),
        db,
      );
      load.start(people);
      const began = performance.now();
      let slowestStartMs = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        // Each comes in the midst of work.
        const before = load.good.length;
        while (load.good.length < before + 5) await pause(5);
        await pause(Math.random() * 200);
        const n = kill % REPLICAS;
        await programs[n]?.end("SIGKILL");
        const killed = performance.now();
        programs[n] = await start(n);
        expect(programs[n].process.exitCode).toBeNull();
        slowestStartMs = Math.max(slowestStartMs, Math.round(performance.now() - killed));
      }
      const back = performance.now();
      await load.stop();
      const findings = await account(db, load, people, programs[0]?.origin ?? "");
      const { rows } = await db.query(
        "select action, count(*)::int from trail group by action order by action",
      );
      const changes = Object.fromEntries(rows.map(({ action, count }) => [action, count]));
      print("killed", {
        kills: KILLS,
        ...figuresOf(load, findings, { began, back }),
        slowestStartMs,
        ...changes,
      });
      await db.end();
      expect(findings).toEqual({ lost: [], double: [], denied: [], half: [], chain: "intact" });
      expect(Object.values(load.tallies).flatMap(({ strange }) => strange)).toEqual([]);
      expect(Object.keys(changes)).toEqual(["api-key.regenerated", "profile.changed", "session.started"]);
    },
    60_000 + KILLS * 10_000,
  );
});
