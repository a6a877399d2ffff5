import { openTestDesk, type TestDesk } from "../support/desk";
import { type Known, setUp } from "../support/people";

const ROUNDS = 9;
const PAGES = [
  "/admin/people",
  "/admin/people?page=last",
  "/admin/people?q=lovelace",
  "/admin/people?q=given500",
  "/admin/people?q=nobody-of-this-name",
  "/admin/people?q=zq",
  "/admin/people?q=example.org",
  "/admin/people?q=example.org&page=last",
  "/admin/people?role=administrator",
  "/admin/people?status=deactivated",
  "/admin/people?status=without-two-factor",
  "/admin/activity?person=person500@",
];

let small: { desk: TestDesk; ada: Known };
let large: { desk: TestDesk; ada: Known };
beforeAll(async () => {
  small = await inhabited(1_000);
  large = await inhabited(100_000);
});
afterAll(async () => {
  await small.desk.close();
  await large.desk.close();
});

async function inhabited(people: number): Promise<{ desk: TestDesk; ada: Known }> {
  const desk = await openTestDesk();
  const ada = await setUp(desk);
  // Indexes are faster made at the end, and foreign keys to rows that are certainly there need no check.
  const { rows } = await desk.db.query("select indexdef from pg_indexes where indexname = 'people_searched'");
  await desk.db.query(
    `begin;
     set local session_replication_role = replica;
     drop index people_searched;
     insert into people (email, first_name, last_name, password_hash, deactivated_at, has_second_factor)
       select 'person' || n || '@example.org', 'Given' || n, 'Family' || substr(md5(n::text), 1, 6), 'x',
              case when n % 500 = 0 then now() end, true
         from generate_series(1, ${people}) n;
     ${rows[0].indexdef};
     insert into second_factors (person_id, sealed_secret)
       select id, 'x' from people where password_hash = 'x';
     commit`,
  );
  // What autovacuum does by itself a minute later.
  await desk.db.query("vacuum analyze people, second_factors");
  return { desk, ada };
}

/** The median times of a page of each, in milliseconds, measured in turn: what else the machine does slows both. */
async function times(pages: [{ ada: Known }, string][]): Promise<number[]> {
  const all: number[][] = pages.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, [{ ada }, address]] of pages.entries()) {
      const before = performance.now();
      const { status } = await ada.visitor.raw(address);
      all[i]?.push(performance.now() - before);
      expect(status).toBe(200);
    }
  }
  return all.map((one) => one.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0);
}

describe("the list of people at 100,000 people", () => {
  it.each(PAGES)("answers %s within three times its time at 1,000", async (address) => {
    const [at1000 = 0, at100000 = 0] = await times([
      [small, address],
      [large, address],
    ]);
    process.stdout.write(`${address}: ${(at100000 / at1000).toFixed(2)} times its time at 1,000 people\n`);
    expect(at100000).toBeLessThan(3 * at1000);
  });

  it("answers a page in the middle as quickly as the first", async () => {
    const { rows } = await large.desk.db.query(
      "select id from people where email = 'person50000@example.org'",
    );
    const [first = 0, after = 0, before = 0] = await times([
      [small, "/admin/people"],
      [large, `/admin/people?after=${rows[0].id}`],
      [large, `/admin/people?before=${rows[0].id}`],
    ]);
    expect(Math.max(after, before)).toBeLessThan(3 * first);
  });
});
