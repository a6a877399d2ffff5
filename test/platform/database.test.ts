import { setTimeout as sleep } from "node:timers/promises";
import { openPool, transaction } from "../../src/platform/database";
import { openTestDatabase } from "../support/database";

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
});
