import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Pool } from "pg";
import { account } from "../hold/account";
import { type Somebody, settle } from "../hold/crowd";
import { Load } from "../hold/load";
import { describeJourney } from "../support/account-journey";
import { byMouse } from "../support/browser-hand";
import { freePort, runProgram } from "../support/program";
import { describeWith } from "./process";
import { Replicas } from "./two-replicas";

jest.setTimeout(300_000);

const ROOT = path.join(__dirname, "..", "..");
const LEAST_REQUESTS = 20_000;
const PEOPLE = 20;

describeWith(["nginx", "pgbouncer"], "two replicas behind nginx, with the database behind PgBouncer", () => {
  describeJourney("through both", { javaScriptEnabled: true, hand: byMouse }, async () => {
    const replicas = await Replicas.open();
    const [one, other] = replicas.programs;
    return {
      origin: replicas.origin,
      setUpAddress: one.setUpAddresses()[0] ?? other.setUpAddresses()[0] ?? "",
      log: () => one.printed() + other.printed(),
      databaseUrl: async () => replicas.postgres.url,
      stop: () => replicas.close(),
    };
  });

  describe("restarted one after the other under load", () => {
    let replicas: Replicas;
    let people: Somebody[];
    let db: Pool;
    beforeEach(async () => {
      replicas = await Replicas.open(async (url) => {
        people = await settle(url, PEOPLE);
      });
      db = new Pool({ connectionString: replicas.postgres.url, max: 2 });
      db.on("error", () => {});
    });
    afterEach(async () => {
      await db?.end();
      await replicas?.close();
    });

    /** Load through nginx while `work` is done, and on until enough was asked; everything told is held against the database. */
    async function underLoad(work: () => Promise<void>, least: number): Promise<number> {
      const load = new Load([replicas.origin], db);
      load.start(people);
      const checks = new Checks(load, people);
      try {
        await work();
        while (sent(load) < least) await pause(100);
      } finally {
        await checks.stop();
        await load.stop();
      }
      const findings = await account(db, load, people, replicas.origin);
      expect(findings).toEqual({ lost: [], double: [], denied: [], half: [], chain: "intact" });
      expect(replicas.complaints()).toEqual([]);
      for (const [kind, { strange, broken, refused }] of Object.entries(load.tallies))
        expect({ kind, strange, broken, refused }).toEqual({ kind, strange: [], broken: 0, refused: 0 });
      return sent(load);
    }

    it(`answer each of at least ${LEAST_REQUESTS} requests, and lose nothing`, async () => {
      const asked = await underLoad(async () => {
        for (const which of [0, 1, 0, 1] as const) {
          await pause(1_000);
          await replicas.replace(which);
        }
      }, LEAST_REQUESTS);
      expect(asked).toBeGreaterThanOrEqual(LEAST_REQUESTS);
    });

    it("answer each request while one after the other is upgraded, with a migration between", async () => {
      const next = nextVersion();
      try {
        await underLoad(async () => {
          await pause(1_000);
          await replicas.replace(0, next);
          await pause(2_000);
          await replicas.replace(1, next);
          await pause(1_000);
        }, 0);
        const { rows } = await db.query("select name from migrations where name = '0999_next'");
        expect(rows).toHaveLength(1);
        const late = await runProgram({ ...replicas.env, PORT: String(await freePort()) });
        expect(late.process.exitCode).toBe(1);
        expect(late.printed()).toContain("The database was made by a newer Latchkey");
      } finally {
        for (const program of replicas.programs) await program.end("SIGTERM");
        rmSync(next, { recursive: true });
      }
    });
  });
});

/** The build as it is with two more migrations, each of a table that most requests read. */
function nextVersion(): string {
  const root = mkdtempSync(path.join(tmpdir(), "latchkey-next-"));
  for (const part of ["dist", "views", "public", "migrations", "package.json"])
    cpSync(path.join(ROOT, part), path.join(root, part), { recursive: true });
  symlinkSync(path.join(ROOT, "node_modules"), path.join(root, "node_modules"));
  const migration = (name: string, change: string) =>
    writeFileSync(path.join(root, "migrations", `${name}.sql`), `-- Up Migration\n${change};\n`);
  migration("0998_next", "alter table people add column pronouns text");
  migration("0999_next", "alter table sessions add column spare text");
  return root;
}

function sent({ tallies }: Load): number {
  return Object.values(tallies).reduce((sum, tally) => sum + tally.sent, 0);
}

/** Key checks and pages one after the other, as many as get through, beside what the load does. */
class Checks {
  #stopped = false;
  readonly #working: Promise<void>[];

  constructor(load: Load, people: Somebody[]) {
    // Those whom the load leaves their key.
    const steady = people.filter((_, i) => i % 5 === 1);
    this.#working = steady.map(async (somebody) => {
      while (!this.#stopped) {
        await load.ask("check", "/v1/authentication/verify", undefined, undefined, {
          "x-api-key": somebody.key,
        });
        await load.ask("page", "/profile/sessions", somebody);
      }
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#working);
  }
}
