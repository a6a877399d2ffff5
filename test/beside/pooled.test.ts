import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Pool } from "pg";
import { openPool, transaction } from "../../src/platform/database";
import { listMigrations, migrate } from "../../src/platform/migrations";
import { queryPrepared } from "../../src/platform/prepared";
import { environmentOn, settle } from "../hold/crowd";
import { OwnPostgres } from "../hold/own-postgres";
import { latchkey } from "../support/command-line";
import { type Program, runProgram } from "../support/program";
import { asking, emptyDatabase, rowsIn } from "../support/restored";
import { until } from "../support/until";
import { type Bouncer, openBouncer } from "./pgbouncer";
import { describeWith } from "./process";

jest.setTimeout(180_000);

const MIGRATIONS = path.join(__dirname, "..", "..", "migrations");
const ADA = ["--email", "ada@example.com", "--first-name", "Ada", "--last-name", "Lovelace"];

describeWith(["pgbouncer"], "through PgBouncer in transaction mode", () => {
  let postgres: OwnPostgres;
  let bouncer: Bouncer;
  const folder = mkdtempSync(path.join(tmpdir(), "latchkey-pooled-"));

  beforeAll(async () => {
    postgres = await OwnPostgres.start({ max_connections: "60" });
    bouncer = await openBouncer(postgres.url);
  });
  afterAll(async () => {
    await bouncer?.stop();
    await postgres?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  async function withPools(urls: string[], work: (...pools: Pool[]) => Promise<void>): Promise<void> {
    const pools = urls.map((url) => openPool(url, () => {}));
    try {
      await work(...pools);
    } finally {
      await Promise.all(pools.map((pool) => pool.end()));
    }
  }

  /** The same name for another statement in each pool, as two releases would have it; who got whose answer. */
  async function askAll(pools: Pool[]): Promise<string[]> {
    const asked = Array.from({ length: 200 }, async (_, i) => {
      const which = i % pools.length;
      const statement = { name: "who", text: `select ${which} as who, $1::int as i` };
      const { rows } = await queryPrepared(pools[which] as Pool, statement, [i]);
      return `${rows[0]?.who} ${rows[0]?.i}`;
    });
    return Promise.all(asked);
  }

  it("two releases that mean other statements by one name each get the answers to their own", () =>
    withPools([bouncer.to(postgres.url), bouncer.to(postgres.url)], async (...pools) => {
      expect(await askAll(pools)).toEqual(Array.from({ length: 200 }, (_, i) => `${i % 2} ${i}`));
    }));

  it("nothing is prepared under a name, and without a pooler it is", () =>
    withPools([bouncer.to(postgres.url), postgres.url], async (pooled, direct) => {
      await askAll([pooled, direct] as Pool[]);
      const names = async (pool?: Pool) => {
        const client = await pool?.connect();
        const { rows } = (await client?.query("select name from pg_prepared_statements")) ?? { rows: [] };
        client?.release();
        return rows.map(({ name }) => name);
      };
      expect(await names(pooled)).toEqual([]);
      expect(await names(direct)).toEqual(["who"]);
    }));

  async function done(env: Record<string, string>, ...args: string[]) {
    const { code, out, err } = await latchkey(env, [...args, "--json"]);
    expect({ args, code, err, out: code === 0 ? "" : out }).toEqual({ args, code: 0, err: "", out: "" });
    return JSON.parse(out);
  }

  it("every command does its work, beside a running program, and a backup is restored", async () => {
    const [source, target] = [await emptyDatabase(postgres.url), await emptyDatabase(postgres.url)];
    const env = environmentOn(bouncer.to(source.url));
    let program: Program | undefined;
    try {
      // Three at once on an empty database: one migrates, the others wait for it.
      await Promise.all([1, 2, 3].map(() => done(env, "migrate")));
      await done(env, "admin", "create", ...ADA);
      program = await runProgram(env);
      await settle(source.url, 2);
      await done(env, "admin", "reset-2fa", "person1@example.org", "--reason", "lost phone");
      await done(env, "keys", "rotate-encryption");
      const { sha256 } = await done(env, "backup", path.join(folder, "a.backup"));
      const there = environmentOn(bouncer.to(target.url));
      expect(await done(there, "restore", path.join(folder, "a.backup"))).toMatchObject({ sha256 });
      expect((await rowsIn(target.url)).people).toEqual((await rowsIn(source.url)).people);
      expect(await done(there, "audit", "verify")).toMatchObject({ intact: true });
      const doctor = await latchkey(env, ["doctor"]);
      expect(doctor.out).toMatch(/ok +Database: reachable/);
      expect(doctor.out).toMatch(/ok +Migrations: up to date/);
      expect(await program.end("SIGTERM")).toBe(0);
      expect(program.printed()).not.toContain('"level":50');
    } finally {
      if (program?.process.exitCode === null) await program.end("SIGTERM");
      await source.drop();
      await target.drop();
    }
  });

  it("a transaction's patience is kept by Postgres, and not left to whoever gets the connection next", async () => {
    const patience = { connection: 1_000, statement: 1_000 };
    const pool = openPool(bouncer.to(postgres.url), () => {}, { patience });
    try {
      const slept = transaction(pool, (tx) => tx.query("select pg_sleep(5)"));
      await expect(slept).rejects.toMatchObject({ code: "57014" });
      await Promise.all(Array.from({ length: 10 }, () => transaction(pool, (tx) => tx.query("select 1"))));
      const settings = await Promise.all(
        Array.from({ length: 10 }, () =>
          pool.query(
            "select name, pg_sleep(0.1) from pg_settings where source = 'session' and name ~ 'timeout'",
          ),
        ),
      );
      expect(settings.flatMap(({ rows }) => rows)).toEqual([]);
    } finally {
      await pool.end();
    }
  });

  it("a lock by which one program migrates is kept through it, and gone with it", async () => {
    const database = await emptyDatabase(postgres.url);
    const url = bouncer.to(database.url);
    try {
      await Promise.all(Array.from({ length: 8 }, () => migrate(url, MIGRATIONS, () => {})));
      const done = await asking(database.url, (client) =>
        client.query("select name from migrations order by id"),
      );
      expect(done.rows.map(({ name }) => name)).toEqual(listMigrations(MIGRATIONS));
      const { rows } = await asking(postgres.url, (client) =>
        client.query("select count(*)::int as count from pg_locks where locktype = 'advisory'"),
      );
      expect(rows).toEqual([{ count: 0 }]);
    } finally {
      await database.drop();
    }
  });

  it("restore takes what PgBouncer keeps open for somebody else, and says so, until PgBouncer is restarted", async () => {
    const [source, target] = [await emptyDatabase(postgres.url), await emptyDatabase(postgres.url)];
    const own = await openBouncer(postgres.url);
    const file = path.join(folder, "b.backup");
    try {
      await settle(source.url, 1);
      await done(environmentOn(source.url), "backup", file);
      await withPools([own.to(target.url)], async (pool) => {
        await Promise.all([1, 2, 3].map(() => pool?.query("select pg_sleep(0.2)")));
      });
      const refused = await latchkey(environmentOn(own.to(target.url)), ["restore", file]);
      expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("what a pooler keeps open") });
      await own.stop();
      await done(environmentOn(bouncer.to(target.url)), "restore", file);
    } finally {
      await own.stop();
      await source.drop();
      await target.drop();
    }
  });

  it("a program goes on by itself when Postgres has been restarted behind it", async () => {
    const database = await emptyDatabase(postgres.url);
    const [person] = await settle(database.url, 1);
    const program = await runProgram(environmentOn(bouncer.to(database.url)));
    const check = async () => {
      const began = performance.now();
      const headers = { "x-api-key": person?.key ?? "" };
      const { status } = await fetch(`${program.origin}/v1/authentication/verify`, { headers });
      return { status, slow: performance.now() - began > 10_000 };
    };
    try {
      expect(await check()).toEqual({ status: 200, slow: false });
      await postgres.stop();
      for (let tries = 0; tries < 5; tries++) {
        expect(await check()).toEqual({ status: 503, slow: false });
        await pause(200);
      }
      await postgres.start();
      // PgBouncer tries the server again fifteen seconds after it found it away (server_login_retry).
      await until("keys are checked again", async () => (await check()).status === 200, 30_000);
    } finally {
      expect(await program.end("SIGTERM")).toBe(0);
      await database.drop();
    }
  });
});
