import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "pg";
import { isDatabaseAway } from "../../src/base/database-away";
import { forOneRequest, mayHaveSaved, openPool, transaction } from "../../src/platform/database";
import { openLiveSessions } from "../../src/web/live-sessions";
import { SessionStore } from "../../src/web/session-store";
import { Wire } from "../hold/wire";
import { openTestDatabase } from "../support/database";
import { until } from "../support/until";

describe("a transaction", () => {
  it("whose connection is lost fails alone: the process and the pool go on", async () => {
    const database = await openTestDatabase();
    const pool = openPool(database.url, () => {});
    for (let round = 0; round < 20; round++) {
      const lost = transaction(pool, async (tx) => {
        const { rows } = await tx.query("select pg_backend_pid() as pid");
        await database.db.query("select pg_terminate_backend($1)", [rows[0].pid]);
        // The connection breaks while nothing is being asked of it.
        await sleep(20);
        await tx.query("select 1");
      });
      await expect(lost).rejects.toThrow();
      expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    }
    await pool.end();
    await database.close();
  });

  it("is rolled back when its work throws", async () => {
    const database = await openTestDatabase();
    const pool = openPool(database.url, () => {});
    const failed = transaction(pool, async (tx) => {
      await tx.query("update installation set set_up_at = now()");
      throw new Error("on purpose");
    });
    await expect(failed).rejects.toThrow("on purpose");
    expect((await pool.query("select set_up_at from installation")).rows).toEqual([{ set_up_at: null }]);
    await pool.end();
    await database.close();
  });

  it("in which a statement failed that nobody minded is not taken for committed", async () => {
    const database = await openTestDatabase();
    const pool = openPool(database.url, () => {});
    const failed = transaction(pool, async (tx) => {
      await tx.query("update installation set set_up_at = now()");
      await tx.query("select 1 / 0").catch(() => {});
    });
    await expect(failed).rejects.toThrow("had failed before");
    expect((await pool.query("select set_up_at from installation")).rows).toEqual([{ set_up_at: null }]);
    await pool.end();
    await database.close();
  });

  it("that waits for a lock is given up by Postgres itself within its patience, and leaves nothing waiting", async () => {
    const database = await openTestDatabase();
    const pool = openPool(database.url, () => {}, { patience: { connection: 1_000, statement: 1_000 } });
    const holder = await database.db.connect();
    await holder.query("begin; select from installation for update");
    const request = forOneRequest(pool);
    const blocked = transaction(request, (tx) => tx.query("update installation set set_up_at = now()"));
    const error = await blocked.catch((thrown) => thrown);
    expect(error.code).toBe("57014");
    expect(isDatabaseAway(error)).toBe(true);
    expect(mayHaveSaved(request)).toBe(false);
    const waiting =
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    expect((await database.db.query(waiting)).rowCount).toBe(0);
    await holder.query("rollback");
    holder.release();
    await pool.end();
    await database.close();
  });
});

describe("a pool whose connections died without a word", () => {
  it.each([
    { oneStatementEach: false, toldAs: "Query read timeout" },
    { oneStatementEach: true, toldAs: "Connection terminated" },
  ])(
    "drops all that are idle once one of them has not answered in time, instead of one for each request: %j",
    async ({ oneStatementEach, toldAs }) => {
      const database = await openTestDatabase();
      const wire = await Wire.to(database.url);
      const patience = { connection: 1_000, statement: 1_000 };
      const pool = openPool(wire.url, () => {}, { max: 5, patience, oneStatementEach });
      await Promise.all(Array.from({ length: 5 }, () => pool.query("select pg_sleep(0.2)")));
      expect(pool.idleCount).toBe(5);
      wire.forget();
      const began = performance.now();
      const error = await pool.query("select 1").catch((thrown) => thrown);
      expect(performance.now() - began).toBeLessThan(1_800);
      expect(error.message).toBe(toldAs);
      expect(isDatabaseAway(error)).toBe(true);
      await until("the idle ones are gone", () => pool.totalCount === 0, 2_000);
      expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
      await pool.end();
      await wire.end();
      await database.close();
    },
  );
});

describe("a pool whose connections are taken for one statement each", () => {
  it("waits as long as it was told and no longer, also where others are answered all the time", async () => {
    const database = await openTestDatabase();
    const patience = { connection: 1_000, statement: 1_000 };
    const told: string[] = [];
    const onError = ({ message }: Error) => told.push(message);
    const pool = openPool(database.url, onError, { max: 3, patience, oneStatementEach: true });
    const [inTime, late] = ["0.6", "8"].map((seconds) =>
      pool.query("select 1 as one from pg_sleep($1)", [seconds]).catch((error) => error),
    );
    for (let i = 0; i < 150; i++) await pool.query("select pg_sleep(0.01)");
    expect((await inTime).rows).toEqual([{ one: 1 }]);
    expect(isDatabaseAway(await late)).toBe(true);
    expect(told).toEqual(["Query read timeout: no answer for 1000 ms"]);
    // The one that is idle meanwhile is kept.
    expect(pool.totalCount).toBe(2);
    await pool.end();
    await database.close();
  });
});

describe("what one request may have saved", () => {
  it("is known from its transactions and its statements, whatever others do on the same pool", async () => {
    const database = await openTestDatabase();
    const pool = openPool(database.url, () => {});
    const [reader, refused, writer, committer] = [1, 2, 3, 4].map(() => forOneRequest(pool));
    await reader?.query("select 1");
    await reader?.query("update throttles set level = 0");
    await refused?.query("update installation set id = null").catch(() => {});
    await writer?.query("update installation set set_up_at = set_up_at");
    await transaction(committer as typeof pool, async () => {});
    const known = [reader, refused, writer, committer].map((request) => mayHaveSaved(request as typeof pool));
    expect(known).toEqual([false, false, true, true]);
    await pool.end();
    await database.close();
  });

  it("is nothing where there was no connection to send it by", async () => {
    const pool = openPool("postgres://nobody@127.0.0.1:1/none", () => {});
    const request = forOneRequest(pool);
    const error = await request.query("update people set version = 2").catch((thrown) => thrown);
    expect(isDatabaseAway(error)).toBe(true);
    expect(mayHaveSaved(request)).toBe(false);
    await pool.end();
  });
});

describe("a session", () => {
  it("that cannot be read because the database's socket is missing is not one that is not there", async () => {
    const pool = new Pool({ host: "/nowhere", user: "nobody", database: "none" });
    const error = await new Promise((resolve) =>
      new SessionStore(pool, openLiveSessions(pool)).get("a", resolve),
    );
    expect(isDatabaseAway(error)).toBe(true);
    // express-session would take this very code for "there is no such session".
    expect((error as NodeJS.ErrnoException).code).not.toBe("ENOENT");
    await pool.end();
  });
});
