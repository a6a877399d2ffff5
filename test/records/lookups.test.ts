import { createHash } from "node:crypto";
import { Pool } from "pg";
import type { Queryable } from "../../src/platform/database";
import {
  findApiKeyOwnerId,
  findApiKeysForCheck,
  findApiKeysWithOwners,
} from "../../src/records/api-keys/api-keys";
import { findSessions, touchSessions } from "../../src/records/sessions/lookups";
import { listTrail } from "../../src/records/trail";
import { openLiveSessions } from "../../src/web/live-sessions";
import { openTestDatabase } from "../support/database";

const PEOPLE = 1_000;
let database: Awaited<ReturnType<typeof openTestDatabase>>;
/** One connection, which says what it has planned. */
let one: Pool;
const sidOf = (n: number) => createHash("sha256").update(`session ${n}`).digest("hex");
const keyOf = (n: number) => `K${String(n).padStart(7, "0")}`;

beforeAll(async () => {
  database = await openTestDatabase();
  one = new Pool({ connectionString: database.url, max: 1 });
  await one.query(
    `insert into people (email, first_name, last_name, password_hash)
       select 'person' || n || '@example.com', 'Person', n::text, 'x' from generate_series(1, $1::int) n`,
    [PEOPLE],
  );
  await one.query(
    `insert into sessions (sid, sess, expire, person_id, stage)
       select encode(sha256(('session ' || last_name)::bytea), 'hex'), '{}', now() + interval '1 day', id, 'signed-in' from people`,
  );
  await one.query(
    `insert into api_keys (id, person_id, hash) select 'K' || lpad(last_name, 7, '0'), id, sha256(id::text::bytea) from people`,
  );
  await one.query(
    `insert into recovery_codes (person_id, hash)
       select p.id, sha256((p.id || ' ' || n)::bytea) from people p, generate_series(1, p.last_name::int % 7) n`,
  );
  await one.query("analyze");
});
afterAll(async () => {
  await one.end();
  await database.close();
});

const LOOKUPS: [name: string, table: string, ask: (numbers: number[]) => Promise<unknown>][] = [
  ["sessions", "people", (numbers) => findSessions(one, numbers.map(sidOf))],
  [
    "sessions-with-ways-in",
    "people",
    async (numbers) => {
      const { findWithWaysIn } = openLiveSessions(one);
      await Promise.all(numbers.map((n) => findWithWaysIn(sidOf(n))));
    },
  ],
  ["touch-sessions", "sessions", (numbers) => touchSessions(one, numbers.map(sidOf))],
  ["checked-api-keys", "people", (numbers) => findApiKeysForCheck(one, numbers.map(keyOf))],
  ["owned-api-keys", "people", (numbers) => findApiKeysWithOwners(one, numbers.map(keyOf))],
];

describe("a lookup for many at once", () => {
  it.each(LOOKUPS)(
    "%s is not planned anew for each number of them, and reads not all of %s",
    async (name, table, ask) => {
      for (let many = 1; many <= 30; many++) await ask(Array.from({ length: many }, (_, i) => i + 1));
      const { rows } = await one.query<{ planned: number; again: number }>(
        `select custom_plans::int as planned, generic_plans::int as again from pg_prepared_statements where name = $1`,
        [name],
      );
      // Postgres plans the first five anew whatever they are, to compare. Where many ask, there may be two statements.
      expect(rows).toEqual([{ planned: 5, again: expect.any(Number) }]);
      expect(rows[0]?.again).toBeGreaterThanOrEqual(25);
      const plan = await one.query(`explain execute "${name}"('{a,b,c}')`);
      expect(JSON.stringify(plan.rows)).not.toContain(`Seq Scan on ${table}`);
    },
  );
});

describe("the trail of a key", () => {
  it("is looked for among what was done to its owner, and not in the whole trail", async () => {
    await one.query(
      `insert into trail (action, actor_kind, actor_id, subject_id, at)
         select 'profile.changed', 'person', id, id, now() - n * interval '1 minute' from people, generate_series(1, 20) n`,
    );
    await one.query("analyze trail");
    const explaining = { query: (text: string, values: unknown[]) => one.query(`explain ${text}`, values) };
    const whoIds = [await findApiKeyOwnerId(one, keyOf(7))] as string[];
    const plan = await listTrail(explaining as Queryable, { whoIds, keyId: keyOf(7) }, {}, 51);
    expect(JSON.stringify(plan)).toContain("trail_subject");
    expect(JSON.stringify(plan)).not.toContain("Seq Scan on trail");
  });
});

describe("a session found with its person's ways in", () => {
  it("has its own person's, however many are found at once, and in whatever order", async () => {
    const { findWithWaysIn } = openLiveSessions(one);
    const numbers = Array.from({ length: 300 }, (_, i) => ((i * 7) % PEOPLE) + 1);
    const found = await Promise.all(numbers.map((n) => findWithWaysIn(sidOf(n))));
    expect(
      found.map((session) => [
        session?.person.lastName,
        session?.waysIn?.live?.id,
        session?.waysIn?.recoveryCodesLeft,
      ]),
    ).toEqual(numbers.map((n) => [String(n), keyOf(n), n % 7]));
    expect(await findWithWaysIn("a session that is not there")).toBeUndefined();
  });
});
