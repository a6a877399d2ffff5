import { Client, Pool } from "pg";
import { pino } from "pino";
import type { Actor } from "../../src/base/actor";
import { transaction } from "../../src/platform/database";
import { addTrailEntry } from "../../src/records/trail";
import { linkBatch, TrailChainer } from "../../src/web/chain-trail";
import { type TrailVerdict, verifyTrail } from "../../src/web/verify-trail";
import { openTestDatabase } from "../support/database";

const quiet = pino({ level: "silent" });
const SUBJECT = "6f1f3c1e-0000-4000-8000-000000000001";
const actor: Actor = {
  kind: "person",
  personId: SUBJECT,
  sessionId: null,
  address: "192.0.2.7",
  client: "Ünï/1",
};

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let db: Pool;
beforeEach(async () => {
  database = await openTestDatabase();
  db = database.db;
});
afterEach(() => database.close());

const write = (pool: Pool, details: Record<string, unknown> = {}) =>
  transaction(pool, (tx) =>
    addTrailEntry(tx, { action: "profile.changed", actor, subjectId: SUBJECT, details }),
  );
const link = () => new TrailChainer(db, quiet).flush();

/** As a superuser who has switched the triggers off; what was done is undone afterwards. */
async function tampered(statements: string[], look: (db: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query("begin; set local session_replication_role = replica");
  for (const statement of statements) await client.query(statement);
  await look(client);
  await client.query("rollback");
  await client.end();
}

describe("the chain of the trail", () => {
  it("is intact after 8 writers on 2 replicas, 10,000 entries; and a changed, removed or swapped one is named", async () => {
    const other = new Pool({ connectionString: database.url, max: 10 });
    const chainers = [new TrailChainer(db, quiet), new TrailChainer(other, quiet)];
    const nudge = setInterval(() => void chainers.map((chainer) => chainer.flush()), 20);
    const writer = async (pool: Pool, name: number) => {
      for (let i = 0; i < 1250; i++) await write(pool, { writer: name, i, note: 'naïve \u2028 "text"' });
    };
    await Promise.all(Array.from({ length: 8 }, (_, n) => writer(n % 2 ? db : other, n)));
    clearInterval(nudge);
    for (const chainer of chainers) await chainer.stop();
    await other.end();

    const verdict = await verifyTrail(db);
    expect(verdict).toEqual({
      intact: true,
      entries: 10_000,
      lastHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      waiting: 0,
    });

    const { rows } = await db.query(
      "select position, entry_id from trail_chain where position in (4000, 7000)",
    );
    const [a, b] = rows.map((row) => row.entry_id);
    const cases: [string[], object][] = [
      [
        [`update trail set details = jsonb_set(details, '{i}', '7777') where id = ${a}`],
        { found: "changed", entryId: a },
      ],
      [[`update trail set client = 'Ünï/2' where id = ${a}`], { found: "changed", entryId: a }],
      [
        [`update trail set at = at + interval '1 microsecond' where id = ${b}`],
        { found: "changed", entryId: b },
      ],
      [
        [`update trail_chain set hash = set_byte(hash, 31, get_byte(hash, 31) # 1) where position = 4000`],
        { found: "changed", entryId: a },
      ],
      [[`delete from trail where id = ${a}`], { found: "removed", entryId: a }],
      [[`delete from trail_chain where position = 4000`], { found: "removed", position: 4000 }],
      [
        [
          `delete from trail_chain where position = 4000`,
          `delete from trail where id = ${a}`,
          "update trail_chain set position = position - 1 where position > 4000 and position <= 4001",
        ],
        { found: "changed", position: 4000 },
      ],
      [
        [
          "update trail_chain set position = -1 where position = 4000",
          "update trail_chain set position = 4000 where position = 7000",
          "update trail_chain set position = 7000 where position = -1",
        ],
        { found: "reordered", entryId: b, position: 4000 },
      ],
      [
        [
          `update trail_chain set entry_id = -1 where position = 4000`,
          `update trail_chain set entry_id = ${a} where position = 7000`,
          `update trail_chain set entry_id = ${b} where position = 4000`,
        ],
        { found: "reordered", entryId: b, position: 4000 },
      ],
    ];
    for (const [statements, expected] of cases) {
      await tampered(statements, async (client) => {
        expect(await verifyTrail(client)).toMatchObject({ intact: false, ...expected });
      });
    }
    expect(await verifyTrail(db)).toEqual(verdict);
  });

  it("links an entry that commits late, after higher ones have been linked", async () => {
    const slow = await db.connect();
    await slow.query("begin");
    await addTrailEntry(slow, { action: "profile.changed", actor, subjectId: SUBJECT });
    await write(db);
    await write(db);
    expect(await linkBatch(db)).toBe(2);
    await slow.query("commit");
    slow.release();
    expect(await linkBatch(db)).toBe(1);
    const { rows } = await db.query("select entry_id::int as id from trail_chain order by position");
    expect(rows.map((row) => row.id)).toEqual([2, 3, 1]);
    expect(await verifyTrail(db)).toMatchObject({ intact: true, entries: 3 });
  });

  it("keeps no writer waiting while a batch is being linked, and lets one replica link at a time", async () => {
    await write(db);
    const linking = await db.connect();
    await linking.query("begin");
    await linking.query("select pg_advisory_xact_lock(1279350888, 1667785070)");
    await linking.query("delete from trail_unlinked");
    const began = Date.now();
    await write(db);
    expect(Date.now() - began).toBeLessThan(1000);
    expect(await linkBatch(db)).toBe("busy");
    await linking.query("rollback");
    linking.release();
    expect(await linkBatch(db)).toBe(2);
  });

  it("verifies whatever the session's time zone, date style and language are", async () => {
    await write(db);
    await link();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(
      "set timezone = 'Asia/Kathmandu'; set datestyle = 'German'; set intervalstyle = 'postgres_verbose'; set extra_float_digits = 0",
    );
    expect(await verifyTrail(client)).toMatchObject({ intact: true, entries: 1 });
    await client.end();
  });

  it.each(["- interval '2 minutes'", "", "+ interval '10 years'"])(
    "tells of an entry that was slipped in beside the program, dated now() %s",
    async (shift) => {
      await write(db);
      await link();
      await write(db);
      await db.query(
        `insert into trail (action, actor_kind, at) values ('profile.changed', 'person', now() ${shift})`,
      );
      expect(await verifyTrail(db)).toMatchObject({ intact: false, found: "not-linked", entryId: "3" });
    },
  );

  it("is intact while the program is still at a backlog, however old, and says how much of it waits", async () => {
    await write(db);
    await link();
    await db.query(
      `with entries as (
         insert into trail (action, actor_kind, at)
         select 'profile.changed', 'person', now() - interval '1 day' from generate_series(1, 3000) returning id)
       insert into trail_unlinked select id from entries`,
    );
    const linking = await db.connect();
    await linking.query("begin");
    await linking.query("select pg_advisory_xact_lock(1279350888, 1667785070)");
    await link();
    const meanwhile = await verifyTrail(db);
    await linking.query("rollback");
    linking.release();
    expect(meanwhile).toMatchObject({ intact: true, entries: 1, waiting: 3000 });
    await link();
    expect(await verifyTrail(db)).toMatchObject({ intact: true, entries: 3001, waiting: 0 });
  });

  it("is intact at every moment while entries are written and linked", async () => {
    let writing = true;
    const writer = async () => {
      while (writing) await write(db);
    };
    const chainer = async () => {
      while (writing) await link();
    };
    const others = [writer(), writer(), writer(), writer(), chainer()];
    const verdicts: TrailVerdict[] = [];
    for (let round = 0; round < 100; round++) verdicts.push(await verifyTrail(db));
    writing = false;
    await Promise.all(others);
    expect(verdicts.filter(({ intact }) => !intact)).toEqual([]);
  });

  it("shows where a hash is that was once its last, and that its end was cut off or written anew", async () => {
    const empty = await verifyTrail(db);
    if (!empty.intact) throw new Error(empty.sentence);
    for (let i = 0; i < 3; i++) await write(db);
    await link();
    const then = await verifyTrail(db);
    if (!then.intact) throw new Error(then.sentence);
    await write(db);
    await link();
    const kept = (hash: string) => Buffer.from(hash, "hex");
    expect(await verifyTrail(db, kept(then.lastHash))).toMatchObject({
      intact: true,
      was: { position: 3, entryId: "3" },
    });
    expect(await verifyTrail(db, kept(empty.lastHash))).toMatchObject({
      intact: true,
      was: { position: 0, entryId: null },
    });
    const cut = ["delete from trail_chain where position >= 3", "delete from trail where id >= 3"];
    await tampered(cut, async (client) => {
      expect(await verifyTrail(client)).toMatchObject({ intact: true, entries: 2 });
      expect(await verifyTrail(client, kept(then.lastHash))).toMatchObject({
        intact: false,
        found: "cut-off",
        sentence: expect.stringContaining(then.lastHash),
      });
    });
  });

  it("is intact when it is empty", async () => {
    expect(await verifyTrail(db)).toEqual({
      intact: true,
      entries: 0,
      lastHash: "0".repeat(64),
      waiting: 0,
    });
  });

  it.each(["trail", "trail_chain"])(
    "lives in %s, which refuses to be updated, deleted from or emptied",
    async (table) => {
      await write(db);
      await link();
      const column = table === "trail" ? "action" : "hash";
      for (const statement of [
        `update ${table} set ${column} = ${column}`,
        `delete from ${table}`,
        `truncate ${table} cascade`,
      ]) {
        await expect(db.query(statement)).rejects.toThrow("only grows");
      }
      expect(await verifyTrail(db)).toMatchObject({ intact: true, entries: 1 });
    },
  );

  it("works as a database role of few rights, which could not even switch the triggers off", async () => {
    const role = `few_${database.url.slice(-12)}`;
    await db.query(`create role ${role} login password 'few'`);
    await db.query(`grant select, insert, update, delete on all tables in schema public to ${role}`);
    await db.query(`revoke update, delete on trail, trail_chain from ${role}`);
    const url = new URL(database.url);
    [url.username, url.password] = [role, "few"];
    const few = new Pool({ connectionString: url.href });
    // It is told of the database's end if its connections are still being closed by then.
    few.on("error", () => {});
    await write(few);
    expect(await linkBatch(few)).toBe(1);
    expect(await verifyTrail(few)).toMatchObject({ intact: true, entries: 1 });
    for (const statement of [
      "update trail set action = action",
      "delete from trail_chain",
      "truncate trail cascade",
      "alter table trail disable trigger all",
      "set session_replication_role = replica",
    ]) {
      await expect(few.query(statement)).rejects.toThrow(/permission denied|must be owner/);
    }
    await few.end();
    await db.query(`drop owned by ${role}; drop role ${role}`);
  });
});
