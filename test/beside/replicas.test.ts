import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Pool } from "pg";
import { account } from "../hold/account";
import { environmentOn, type Somebody, settle } from "../hold/crowd";
import { Load } from "../hold/load";
import { OwnPostgres } from "../hold/own-postgres";
import { describeJourney } from "../support/account-journey";
import { byMouse } from "../support/browser-hand";
import { freePort, type Program, runProgram } from "../support/program";
import { type Bouncer, openBouncer } from "./pgbouncer";
import { describeWith } from "./process";
import { openReplicasNginx, type RecipeProxy } from "./proxies";

jest.setTimeout(300_000);

const ROOT = path.join(__dirname, "..", "..");
const LEAST_REQUESTS = 20_000;
const PEOPLE = 20;

/** Postgres, PgBouncer, two programs and nginx, one before the other. */
class Replicas {
  private constructor(
    readonly postgres: OwnPostgres,
    readonly bouncer: Bouncer,
    readonly nginx: RecipeProxy,
    readonly env: Record<string, string>,
    readonly ports: [number, number],
    readonly programs: [Program, Program],
  ) {}

  /** Puts them up; `prepare` fills the database first. */
  static async open(prepare: (url: string) => Promise<unknown> = async () => {}): Promise<Replicas> {
    const postgres = await OwnPostgres.start({ max_connections: "40" });
    await prepare(postgres.url);
    const bouncer = await openBouncer(postgres.url);
    const ports: [number, number] = [await freePort(), await freePort()];
    const nginx = await openReplicasNginx(ports);
    const env = {
      ...environmentOn(bouncer.to(postgres.url)),
      BASE_URL: `http://127.0.0.1:${nginx.port}`,
      TRUST_PROXY: "1",
    };
    // At once: on an empty database both want to migrate.
    const programs = await Promise.all([
      runProgram({ ...env, PORT: String(ports[0]) }),
      runProgram({ ...env, PORT: String(ports[1]) }),
    ]);
    return new Replicas(postgres, bouncer, nginx, env, ports, programs);
  }

  readonly #stopped: string[] = [];

  /** What all programs so far have logged as errors. */
  complaints(): string[] {
    const logs = [...this.#stopped, ...this.programs.map((program) => program.printed())];
    return logs.flatMap((log) => log.split("\n")).filter((line) => line.includes('"level":50'));
  }

  get origin(): string {
    return this.env.BASE_URL ?? "";
  }

  /** Stops one program and starts its successor, perhaps of another build; resolves when that is ready. */
  async replace(which: 0 | 1, root?: string): Promise<void> {
    expect(await this.programs[which].end("SIGTERM")).toBe(0);
    this.#stopped.push(this.programs[which].printed());
    this.programs[which] = await runProgram({ ...this.env, PORT: String(this.ports[which]) }, root);
    const { process: child, origin, printed } = this.programs[which];
    if (child.exitCode !== null) throw new Error(`The successor does not start:\n${printed()}`);
    expect((await fetch(`${origin}/readyz`)).status).toBe(200);
  }

  async close(): Promise<void> {
    for (const program of this.programs) if (program.process.exitCode === null) await program.end("SIGTERM");
    await this.nginx.stop();
    await this.bouncer.stop();
    await this.postgres.end();
  }
}

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

/** The build as it is with one more migration, which takes hold of a table that each request reads. */
function nextVersion(): string {
  const root = mkdtempSync(path.join(tmpdir(), "latchkey-next-"));
  for (const part of ["dist", "views", "public", "migrations", "package.json"])
    cpSync(path.join(ROOT, part), path.join(root, part), { recursive: true });
  symlinkSync(path.join(ROOT, "node_modules"), path.join(root, "node_modules"));
  const migration =
    "-- Up Migration\nalter table people add column pronouns text;\nalter table sessions add column spare text;\n";
  writeFileSync(path.join(root, "migrations", "0999_next.sql"), migration);
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
