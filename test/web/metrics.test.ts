import { Pool } from "pg";
import { makeApiKey } from "../../src/base/api-key-format";
import { openPool } from "../../src/platform/database";
import { Wire } from "../hold/wire";
import { openTestDesk, type TestDesk } from "../support/desk";
import { openMetricsOf, type Scrape, scrape } from "../support/metrics";
import { addPerson, codeNow, freshCode, givePassword, type Known, PASSWORD, setUp } from "../support/people";
import { Visitor } from "../support/visitor";

let desk: TestDesk;
let ada: Known;
let served: { origin: string; close(): Promise<void> };
const read = () => scrape(served.origin);

beforeEach(async () => {
  desk = await openTestDesk({ metrics: true, trustProxy: true });
  ada = await setUp(desk);
  served = await openMetricsOf(desk.desk);
});
afterEach(async () => {
  await served.close();
  await desk.close();
});

/** What rose while this was done. */
async function risesOf(name: string, work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await read();
  await work();
  const after = await read();
  const rises: Record<string, number> = {};
  for (const { name: its, labels, value } of after.samples) {
    const rise = its === name ? value - (before.value(name, labels) ?? 0) : 0;
    if (rise !== 0) rises[Object.values(labels).join(", ")] = rise;
  }
  return rises;
}

/** The clock by which counts are old, to be moved by milliseconds. */
function movableClock(): { moved: number; stop(): void } {
  const now = performance.now.bind(performance);
  const spy = jest.spyOn(performance, "now").mockImplementation(() => now() + clock.moved);
  const clock = { moved: 0, stop: () => spy.mockRestore() };
  return clock;
}

const half = (known: Known = ada) => givePassword(known, new Visitor(desk.origin));
const verify = (headers: Record<string, string>, path = "/v1/authentication/verify") =>
  fetch(desk.origin + path, { headers });

async function addKey(owner: { email: string } | { account: string }, daysOld: number): Promise<string> {
  const { id, hash, key } = makeApiKey();
  const [column, find, name] =
    "email" in owner
      ? ["person_id", "select id from people where email = $4", owner.email]
      : ["service_account_id", "select id from service_accounts where name = $4", owner.account];
  await desk.db.query(
    `insert into api_keys (id, hash, created_at, ${column}) values ($1, $2, now() - make_interval(days => $3), (${find}))`,
    [id, hash, daysOld, name],
  );
  return key;
}

describe("requests", () => {
  it("are counted by route, method and status, with the time they took", async () => {
    await ada.visitor.open("/admin/people");
    const rises = await risesOf("latchkey_http_requests_total", async () => {
      for (const id of ["0d9fdf5c-7d43-4d3c-9f6e-9a5f3f0d1c11", "b", "c"])
        await ada.visitor.open(`/admin/people/${id}?q=ada@example.com`);
      await new Visitor(desk.origin).raw("/sign-in", { method: "HEAD" });
      await new Visitor(desk.origin).raw("/profile");
      await new Visitor(desk.origin).raw("/profile", { method: "DELETE" });
      await new Visitor(desk.origin).raw("/assets/nothing.css");
      await new Visitor(desk.origin).raw("/ada@example.com");
    });
    expect(rises).toEqual({
      "/admin/people/:id, GET, 404": 3,
      "/sign-in, HEAD, 200": 1,
      "/profile, GET, 303": 1,
      "unknown, other, 405": 1,
      "assets, GET, 404": 1,
      "unknown, GET, 404": 1,
    });
    const now = await read();
    const labels = { route: "/admin/people/:id", method: "GET" };
    expect(now.value("latchkey_http_request_duration_seconds_count", labels)).toBe(3);
    expect(now.value("latchkey_http_request_duration_seconds_bucket", { ...labels, le: "10" })).toBe(3);
    const sum = now.value("latchkey_http_request_duration_seconds_sum", labels) ?? 0;
    expect(sum).toBeGreaterThan(0.001);
    expect(sum).toBeLessThan(10);
  });

  it("for a key check are counted too, at both addresses, and what is wrong with the key", async () => {
    const key = await addKey(ada, 0);
    const dead = await addKey({ email: (await addPerson(desk, "grace@example.com")).email }, 0);
    await desk.db.query("update api_keys set ended_at = now() where id = $1", [dead.slice(2, 10)]);
    const check = async () => {
      await verify({ authorization: `Bearer ${key}` });
      await verify({ authorization: `Bearer ${key}` }, "/authentication/verify");
      await verify({ authorization: `Bearer ${dead}` });
      await verify({ "x-api-key": makeApiKey().key });
      await verify({});
      await verify({}, "/v1/me");
    };
    expect(await risesOf("latchkey_http_requests_total", check)).toEqual({
      "/v1/authentication/verify, GET, 200": 1,
      "/authentication/verify, GET, 200": 1,
      "/v1/authentication/verify, GET, 401": 3,
      "/v1/me, GET, 401": 1,
    });
    expect(await risesOf("latchkey_api_keys_refused_total", check)).toEqual({ none: 2, wrong: 1, ended: 1 });
  });

  it("whose client went away before the answer are counted as aborted", async () => {
    const blocker = await desk.db.connect();
    await blocker.query("begin; lock table people in access exclusive mode");
    const leaving = new AbortController();
    const asked = fetch(`${desk.origin}/sign-in`, {
      signal: leaving.signal,
      headers: { cookie: ada.visitor.cookieHeader() },
    });
    setTimeout(() => leaving.abort(), 200);
    await expect(asked).rejects.toThrow();
    await blocker.query("rollback");
    blocker.release();
    expect(
      (await read()).value("latchkey_http_requests_total", { route: "/sign-in", status: "aborted" }),
    ).toBe(1);
  });
});

describe("signing in", () => {
  const steps = (work: () => Promise<unknown>) => risesOf("latchkey_sign_in_steps_total", work);

  it("is counted by what was given and what came of it", async () => {
    expect(
      await steps(() => new Visitor(desk.origin).post("/sign-in", { email: ada.email, password: "Wrong-1" })),
    ).toEqual({ "password, wrong": 1 });
    expect(await steps(() => half())).toEqual({ "password, code": 1 });
    const visitor = await half();
    expect(
      await steps(async () => {
        await visitor.fill("One-time code", "12").press("Verify");
        await visitor.fill("One-time code", "000000").press("Verify");
      }),
    ).toEqual({ "one-time code, malformed": 1, "one-time code, wrong": 1 });
    const code = freshCode(desk, ada.secret);
    expect(await steps(() => visitor.fill("One-time code", code).press("Verify"))).toEqual({
      "one-time code, signed-in": 1,
    });
    const again = await half();
    expect(await steps(() => again.fill("One-time code", code).press("Verify"))).toEqual({
      "one-time code, used": 1,
    });
    desk.moveClock(600);
    const late = codeNow(desk, ada.secret);
    desk.moveClock(-600);
    expect(await steps(() => again.fill("One-time code", late).press("Verify"))).toEqual({
      "one-time code, clock": 1,
    });
    await again.open("/sign-in/recovery-code");
    const recoveryCode = ada.recoveryCodes[0] ?? "";
    expect(
      await steps(async () => {
        await again.fill("Recovery code", "7K2M-QX4T-9DHW-3VRB").press("Verify");
        await again.fill("Recovery code", recoveryCode).press("Verify");
      }),
    ).toEqual({ "recovery code, wrong": 1, "recovery code, signed-in": 1 });
  });

  it("for the first time is counted by its enrolment, or as the password alone where that is put off", async () => {
    expect(await steps(() => addPerson(desk, "grace@example.com"))).toEqual({
      "password, enrolment": 1,
      "enrolment, signed-in": 1,
    });
    await desk.db.query("update installation set two_factor_policy = 'optional'");
    const email = "edsger@example.com";
    await desk.db.query(
      "insert into people (email, first_name, last_name, password_hash) select $1, 'E', 'D', password_hash from people limit 1",
      [email],
    );
    const known = { ...ada, email };
    expect(await steps(async () => (await half(known)).press("Not now"))).toEqual({
      "password, enrolment": 1,
      "password, signed-in": 1,
    });
    expect(await steps(() => half(known))).toEqual({ "password, signed-in": 1 });
  });

  it("that is throttled is counted, and so are throttled codes, letters, links and keys, by what was tried", async () => {
    const stranger = new Visitor(desk.origin);
    stranger.address = "203.0.113.9";
    const throttled = await risesOf("latchkey_throttled_total", async () => {
      const rises = await steps(async () => {
        for (let n = 0; n < 22; n++)
          await stranger.post("/sign-in", { email: "nobody@example.com", password: "Wrong-1" });
      });
      expect(rises).toEqual({ "password, wrong": 20, "password, throttled": 2 });
      for (let n = 0; n < 6; n++) await stranger.post("/forgot-password", { email: "nobody@example.com" });
      await desk.db.query("update throttles set level = most where most = 200");
      await stranger.open("/reset-password?token=nothing");
      for (let n = 0; n < 102; n++) await verify({ authorization: "Bearer nothing" });
      const visitor = await half();
      for (let n = 0; n < 21; n++) await visitor.fill("One-time code", "000000").press("Verify");
    });
    expect(throttled).toEqual({ password: 2, letter: 1, link: 1, "API key": 2, code: 1 });
  });
});

describe("what the database knows", () => {
  it("is told of sessions, keys, mail and accounts, also where there are none", async () => {
    const grace = await addPerson(desk, "grace@example.com");
    await half();
    await desk.db.query(
      `insert into service_accounts (name, purpose, responsible_id) select 'backup', 'nightly', id from people where email = $1`,
      [ada.email],
    );
    const used = await addKey(ada, 10);
    await addKey(grace, 400);
    await addKey({ account: "backup" }, 31);
    await verify({ authorization: `Bearer ${used}` });
    await desk.desk.calls.flush();
    await desk.db.query("update people set deactivated_at = now() where email = $1", [grace.email]);
    await desk.desk.mail.stop();
    await desk.db.query("delete from mail");
    await desk.db.query(
      `insert into mail (recipient, created_at, sent_at, given_up_at) values
         ('a@example.com', now() - interval '90 s', null, null), ('b@example.com', now(), null, null),
         ('c@example.com', now() - interval '9 days', now(), null), ('d@example.com', now() - interval '9 days', null, now()),
         ('e@example.com', now() - interval '99 days', null, now() - interval '31 days')`,
    );
    const told = await read();
    expect(told.value("latchkey_database_up")).toBe(1);
    expect(told.rises("latchkey_sessions")).toEqual(["code: 1", "signed-in: 1"]);
    expect(told.value("latchkey_sessions", { stage: "enrolment" })).toBe(0);
    // Grace is deactivated, and with her the key.
    expect(told.rises("latchkey_api_keys_by_age")).toEqual([
      "person, under 30 days: 1",
      "service-account, 30 to 90 days: 1",
    ]);
    expect(told.rises("latchkey_api_keys_by_last_use")).toEqual([
      "person, under 1 day: 1",
      "service-account, never: 1",
    ]);
    expect(told.samples.filter(({ name }) => name.startsWith("latchkey_api_keys_by_"))).toHaveLength(18);
    expect(told.value("latchkey_mail_waiting")).toBe(2);
    expect(told.value("latchkey_mail_given_up")).toBe(1);
    const oldest = told.value("latchkey_mail_oldest_seconds") ?? 0;
    expect(oldest).toBeGreaterThanOrEqual(90);
    expect(oldest).toBeLessThan(120);
    expect(told.rises("latchkey_accounts")).toEqual([
      "person, active: 1",
      "person, deactivated: 1",
      "service-account, active: 1",
    ]);
    expect(told.value("latchkey_people_without_two_factor")).toBe(0);
  });

  it("is counted once in 15 seconds, and once for everybody who asks at the same time", async () => {
    const counts = new Pool({ connectionString: desk.databaseUrl, max: 1 });
    let taken = 0;
    counts.on("acquire", () => (taken += 1));
    const fresh = await openTestDesk({ metrics: true });
    const own = await openMetricsOf(fresh.desk, { lookups: desk.db, counts });
    const clock = movableClock();
    try {
      const sessions = async () =>
        (await scrape(own.origin)).value("latchkey_sessions", { stage: "signed-in" });
      expect(await Promise.all(Array.from({ length: 10 }, sessions))).toEqual(Array(10).fill(1));
      // One for each of the four figures.
      expect(taken).toBe(4);
      await desk.db.query("delete from sessions");
      clock.moved = 14_000;
      expect(await sessions()).toBe(1);
      expect(taken).toBe(4);
      clock.moved = 30_000;
      expect(await sessions()).toBe(0);
      expect(taken).toBe(8);
    } finally {
      clock.stop();
      await own.close();
      await fresh.close();
      await counts.end();
    }
  });

  it("that takes too long is left out, not asked for again soon, and holds up nobody", async () => {
    const patience = { connection: 20_000, statement: 1_000 };
    const counts = openPool(desk.databaseUrl, () => {}, { max: 1, patience });
    const fresh = await openTestDesk({ metrics: true });
    const own = await openMetricsOf(fresh.desk, { lookups: desk.db, counts });
    const blocker = await desk.db.connect();
    const clock = movableClock();
    try {
      await blocker.query("begin; lock table sessions in access exclusive mode");
      const told = await scrape(own.origin);
      expect(told.value("latchkey_database_up")).toBe(1);
      expect(told.samples.some(({ name }) => name === "latchkey_sessions")).toBe(false);
      expect(told.value("latchkey_mail_waiting")).toBeDefined();
      await blocker.query("rollback");
      // It took half a second: for fifty times as long nobody tries again.
      clock.moved = 20_000;
      const next = await scrape(own.origin);
      expect(next.samples.some(({ name }) => name === "latchkey_sessions")).toBe(false);
      clock.moved = 40_000;
      expect((await scrape(own.origin)).value("latchkey_sessions", { stage: "signed-in" })).toBe(1);
      expect(fresh.log.filter((line) => line.includes("could not be counted"))).toHaveLength(1);
    } finally {
      clock.stop();
      blocker.release();
      await own.close();
      await fresh.close();
      await counts.end();
    }
  });

  it.each(["silent", "gone"] as const)(
    "is left out while the database is %s: the answer comes within two seconds or so, and all is back when it is",
    async (how) => {
      const wire = await Wire.to(desk.databaseUrl);
      const open = (max: number) =>
        openPool(wire.url, () => {}, { max, patience: { connection: 1_500, statement: 3_000 } });
      const [lookups, counts] = [open(4), open(1)];
      const fresh = await openTestDesk({ metrics: true });
      const own = await openMetricsOf(fresh.desk, { lookups, counts });
      const isThere = (told: Scrape) => [
        told.value("latchkey_database_up"),
        ...[
          "latchkey_sessions",
          "latchkey_mail_waiting",
          "latchkey_accounts",
          "latchkey_api_keys_by_age",
        ].map((name) => told.samples.some((sample) => sample.name === name)),
      ];
      const clock = movableClock();
      try {
        expect(isThere(await scrape(own.origin))).toEqual([1, true, true, true, true]);
        if (how === "silent") wire.mood = "silent";
        else await wire.end();
        for (let n = 0; n < 2; n++) {
          clock.moved += 100_000;
          const began = Date.now();
          const told = await scrape(own.origin);
          expect(Date.now() - began).toBeLessThan(2_200);
          expect(isThere(told)).toEqual([0, false, false, false, false]);
          expect(told.text).toContain('latchkey_throttled_total{guessed="password"} 0');
        }
        if (how === "silent") {
          wire.mood = "passes";
          // Until those who still ask the silent connections have given up.
          await new Promise((resolve) => setTimeout(resolve, 3_000));
          expect(isThere(await scrape(own.origin))).toEqual([1, true, true, true, true]);
        }
      } finally {
        clock.stop();
        await wire.end();
        await own.close();
        await fresh.close();
        await Promise.all([lookups.end(), counts.end()]);
      }
    },
  );
});

describe("metrics", () => {
  it("hold no email, name, address, id, key, token, code or path, whatever people did", async () => {
    const key = await addKey(ada, 1);
    await verify({
      authorization: `Basic ${Buffer.from(`${ada.email}:${key}`).toString("base64")}`,
      "user-agent": "Curious/7",
    });
    await new Visitor(desk.origin).raw("/sign-in/nowhere-else?token=abc", { method: "PROPFIND" });
    await new Visitor(desk.origin).open("/invitation?token=my-token");
    await new Visitor(desk.origin).post("/sign-in", { email: "mallory@example.com", password: PASSWORD });
    const { rows } = await desk.db.query("select id from people union select id from sessions");
    const { text } = await read();
    const secrets = [
      ada.email,
      "mallory",
      "Lovelace",
      key,
      key.slice(2, 10),
      "Curious",
      "127.0.0.1",
      "token",
      "nowhere",
      PASSWORD,
      ada.secret,
    ];
    for (const word of [...secrets, ...ada.recoveryCodes, ...rows.map(({ id }) => id)])
      expect(text).not.toContain(word);
    expect(text).not.toContain("@");
  });

  it("are each desk's own", async () => {
    const other = await desk.replica();
    const own = await openMetricsOf(other.desk);
    await new Visitor(desk.origin).open("/sign-in");
    const told = await scrape(own.origin);
    await own.close();
    expect(told.samples.some(({ name }) => name === "latchkey_http_requests_total")).toBe(false);
  });
});
