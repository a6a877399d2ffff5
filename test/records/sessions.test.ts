import { Pool } from "pg";
import type { Actor } from "../../src/base/actor";
import type { Queryable } from "../../src/platform/database";
import { touchSessions } from "../../src/records/sessions/lookups";
import {
  deleteSessionBySid,
  findSuccessor,
  insertSession,
  renameSession,
  saveSession,
} from "../../src/records/sessions/sessions";
import { asSignedIn } from "../../src/records/signed-in";
import { openTestDatabase } from "../support/database";

let database: Awaited<ReturnType<typeof openTestDatabase>>;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

let people = 0;

/** Somebody with this session timeout, signed in, whose session was last active so many seconds ago. */
async function signedIn({
  timeout = 1800,
  idle = 0,
}): Promise<{ personId: string; sid: string; id: string }> {
  people += 1;
  const { rows } = await database.db.query<{ id: string }>(
    `insert into people (email, first_name, last_name, password_hash, session_timeout)
     values ($1, 'Some', 'Body', 'x', $2) returning id`,
    [`person${people}@example.com`, timeout],
  );
  const [personId, sid] = [rows[0]?.id ?? "", `session of ${people}`];
  const id = await insertSession(database.db, {
    sid,
    personId,
    stage: "signed-in",
    address: null,
    client: null,
    before: "",
  });
  await database.db.query(
    "update sessions set last_active_at = clock_timestamp() - make_interval(secs => $2) where sid = $1",
    [sid, idle],
  );
  return { personId, sid, id };
}

const stored = async (id: string) =>
  (await database.db.query("select sid, sess::text, last_active_at from sessions where id = $1", [id])).rows;

describe("a session that has ended while a request is under way", () => {
  it.each([
    [
      "by its idle timeout",
      "update sessions set last_active_at = now() - interval '31 minutes' where id = $1",
    ],
    ["by its lifetime", "update sessions set started_at = now() - interval '366 days' where id = $1"],
    [
      "with its person's account",
      "update people set deactivated_at = now() where id = (select person_id from sessions where id = $1)",
    ],
  ])(
    "%s is neither saved, touched nor renamed, and ending it ends none that was alive",
    async (_how, end) => {
      const { db } = database;
      const { id, sid, personId } = await signedIn({});
      await db.query(end, [id]);
      const before = await stored(id);
      await saveSession(db, sid, { notice: "Saved." });
      await touchSessions(db, [sid]);
      expect(await renameSession(db, sid, `another ${sid}`)).toBe(false);
      expect(await stored(id)).toEqual(before);
      expect(await deleteSessionBySid(db, sid, personId)).toBe(false);
      expect(await stored(id)).toEqual([]);
    },
  );
});

describe("activity", () => {
  it("is counted without waiting for a session that is being changed, which is left alone", async () => {
    const [busy, free] = [await signedIn({ idle: 60 }), await signedIn({ idle: 60 })];
    const impatient = new Pool({ connectionString: database.url, options: "-c lock_timeout=300ms" });
    const blocker = await database.db.connect();
    const before = await stored(busy.id);
    try {
      await blocker.query("begin");
      await blocker.query("select from sessions where sid = $1 for update", [busy.sid]);
      await touchSessions(impatient, [busy.sid, free.sid]);
    } finally {
      await blocker.query("rollback");
      blocker.release();
      await impatient.end();
    }
    expect(await stored(busy.id)).toEqual(before);
    const [row] = await stored(free.id);
    expect(Date.now() - row.last_active_at.getTime()).toBeLessThan(30_000);
  });
});

describe("whether a session was alive when it was ended", () => {
  it("goes by the timeout of its own person, whatever others have", async () => {
    const [long, short] = [
      await signedIn({ timeout: 8 * 3600, idle: 3600 }),
      await signedIn({ timeout: 1800, idle: 3600 }),
    ];
    expect(await deleteSessionBySid(database.db, short.sid, short.personId)).toBe(false);
    expect(await deleteSessionBySid(database.db, long.sid, long.personId)).toBe(true);
  });
});

describe("a change of what outlives a session", () => {
  it("is made by whoever is signed in, and not once they are deactivated, even with a session left", async () => {
    const { personId, id } = await signedIn({});
    const actor: Actor = { kind: "person", personId, sessionId: id, address: null, client: null };
    let made = 0;
    const change = () =>
      asSignedIn(database.db, actor, async () => {
        made += 1;
      });
    await change();
    await database.db.query("update people set deactivated_at = now() where id = $1", [personId]);
    await expect(change()).rejects.toMatchObject({ status: 403 });
    expect(made).toBe(1);
  });
});

it("what took a session's place is looked for by an index, however many sessions there are", async () => {
  const client = await database.db.connect();
  const plan: string[] = [];
  const explaining = {
    query: async (text: string, values: unknown[]) => {
      const { rows } = await client.query(`explain ${text}`, values);
      plan.push(...rows.map((row) => row["QUERY PLAN"]));
      return { rows: [] };
    },
  };
  await client.query("begin; set local enable_seqscan = off");
  await findSuccessor(explaining as unknown as Queryable, "a name");
  await client.query("rollback");
  client.release();
  expect(plan.join("\n")).toContain("sessions_before");
});
