import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { MigrationHeldUp, migrate } from "../../src/platform/migrations";
import { openTestDatabase } from "../support/database";
import { until } from "../support/until";

const PEOPLE = "alter table people add column spare text;\n";
const ROLES = "alter table roles add column spare text;\n";

/** The migrations there are, and some more. */
function folderWith(...more: string[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), "latchkey-migrations-"));
  cpSync(path.join(__dirname, "..", "..", "migrations"), folder, { recursive: true });
  for (const [i, change] of more.entries())
    writeFileSync(path.join(folder, `999${i}_next.sql`), `-- Up Migration\n${change}`);
  return folder;
}

const folder = folderWith(ROLES + PEOPLE);
const inTwo = folderWith(PEOPLE, ROLES);
afterAll(() => {
  for (const made of [folder, inTwo]) rmSync(made, { recursive: true });
});

let database: Awaited<ReturnType<typeof openTestDatabase>>;
beforeEach(async () => {
  database = await openTestDatabase();
});
afterEach(() => database.close());

const isDone = async (table: string) =>
  (
    await database.db.query(
      "select from information_schema.columns where table_name = $1 and column_name = 'spare'",
      [table],
    )
  ).rowCount === 1;

/** Somebody in the middle of a transaction that has looked at people, as a backup has. */
async function reader() {
  const client = await database.db.connect();
  await client.query("begin; select from people limit 1");
  return async () => {
    await client.query("commit");
    client.release();
  };
}

describe("a migration whose connection breaks", () => {
  it("fails, and ends nothing else", async () => {
    const broken = folderWith(`${ROLES}select pg_terminate_backend(pg_backend_pid());\n`);
    await expect(migrate(database.url, broken, () => {})).rejects.toThrow(/connection/i);
    // The end of a connection is told after the failure of its statement.
    await pause(50);
    expect(await isDone("roles")).toBe(false);
    rmSync(broken, { recursive: true });
  });
});

describe("a migration of a table that somebody uses", () => {
  it("lets those who come after it through meanwhile, and is done when that somebody is", async () => {
    const leave = await reader();
    const migrated = migrate(database.url, folder, () => {});
    let longest = 0;
    for (const until = Date.now() + 2_500; Date.now() < until; await pause(20)) {
      const began = performance.now();
      await database.db.query("select from people limit 1");
      longest = Math.max(longest, performance.now() - began);
    }
    expect(longest).toBeLessThan(900);
    expect(await isDone("people")).toBe(false);
    await leave();
    await migrated;
    expect([await isDone("roles"), await isDone("people")]).toEqual([true, true]);
  });

  it("gets its turn while statements that use two tables come without a pause, one table after the other", async () => {
    let stopped = false;
    const asking = Array.from({ length: 6 }, async () => {
      while (!stopped)
        await database.db.query(
          "select pg_sleep(0.05) from (select count(*) from roles) r, (select count(*) from people) p",
        );
    });
    try {
      await migrate(database.url, inTwo, () => {}, undefined, 5);
    } finally {
      stopped = true;
      await Promise.all(asking);
    }
    expect([await isDone("roles"), await isDone("people")]).toEqual([true, true]);
  });

  it("gives up at last, says so, and has changed nothing", async () => {
    const leave = await reader();
    const failed = await migrate(database.url, folder, () => {}, undefined, 2).catch((error) => error);
    expect(failed).toBeInstanceOf(MigrationHeldUp);
    expect(failed.message).toContain("such as a backup");
    expect(await isDone("roles")).toBe(false);
    await leave();
    await migrate(database.url, folder, () => {});
    expect(await isDone("people")).toBe(true);
  });

  it("waits without an end for another program that migrates, and then has nothing to do", async () => {
    const other = await database.db.connect();
    await other.query("begin; select pg_advisory_xact_lock(7241865325823964)");
    let waited = true;
    const migrated = migrate(database.url, folder, () => {}, undefined, 1).then(() => {
      waited = false;
    });
    await until("it waits", async () => {
      const waiting = "select from pg_locks where locktype = 'advisory' and not granted";
      return (await database.db.query(waiting)).rowCount === 1;
    });
    await pause(1_000);
    expect(waited).toBe(true);
    await other.query("commit");
    other.release();
    await migrated;
    expect(await isDone("people")).toBe(true);
  });
});
