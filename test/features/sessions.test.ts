import { Pool } from "pg";
import type { Actor } from "../../src/base/actor";
import { SESSION_TIMEOUTS } from "../../src/base/session-timeout";
import { endOwnSession } from "../../src/features/sessions/end-session";
import { pruneSessions } from "../../src/records/sessions/sessions";
import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, codeNow, givePassword, type Known, setUp, signIn } from "../support/people";
import { ageSession, cookieSid, idleFor, startedAgo, storedSid } from "../support/time";
import { untilBlocked } from "../support/until";
import { Visitor } from "../support/visitor";

let desk: TestDesk;
let ada: Known;
beforeEach(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
});
afterEach(() => desk.close());

/** The files the page loads. */
const assetsOf = (visitor: Visitor) => {
  const paths = [...visitor.html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
  expect(paths.length).toBeGreaterThan(3);
  return paths;
};

const choose = async (visitor: Visitor, label: string) => {
  await visitor.open("/profile");
  return visitor.fill("Session Timeout", label).press("Save Changes");
};

describe("GET /sign-out", () => {
  it("asks before it signs somebody out, where an application leads to it", async () => {
    const device = await signIn(desk, ada);
    await device.open("/sign-out");
    expect(device.heading).toBe("Sign out?");
    await device.press("Cancel");
    expect(device.path).toBe("/profile");
    await (await device.open("/sign-out")).press("Sign out now");
    expect(device.text).toContain("You have signed out.");
    expect((await device.raw("/profile")).status).toBe(303);
  });

  it("leads a stranger to the sign-in page", async () => {
    expect((await new Visitor(desk.origin).open("/sign-out")).path).toBe("/sign-in");
  });
});

describe("the idle timeout", () => {
  it.each(SESSION_TIMEOUTS)(
    "of $label: alive one second before its end, ended one second after",
    async (timeout) => {
      await choose(ada.visitor, timeout.label);
      await ageSession(desk, ada.visitor, timeout.seconds - 1);
      expect((await ada.visitor.open("/profile")).path).toBe("/profile");

      await ageSession(desk, ada.visitor, timeout.seconds + 1);
      await ada.visitor.open("/profile");
      expect(ada.visitor.path).toBe("/sign-in?return=%2Fprofile");
      expect(ada.visitor.text).toContain(`You were signed out after ${timeout.label} without activity`);
    },
  );

  it("is slid by a page and by a form, and by nothing else", async () => {
    for (const act of [
      () => ada.visitor.open("/profile"),
      () => ada.visitor.press("Save Changes"),
      () => ada.visitor.open("/no-such-page"),
    ]) {
      await ageSession(desk, ada.visitor, 1000);
      await act();
      expect(await idleFor(desk, ada.visitor)).toBeLessThan(5);
    }
    await ageSession(desk, ada.visitor, 1000);
    for (const path of [
      ...assetsOf(ada.visitor),
      "/favicon.ico",
      "/healthz",
      "/readyz",
      "/v1/me",
      "/v1/authentication/verify",
    ]) {
      await ada.visitor.raw(path);
    }
    expect(await idleFor(desk, ada.visitor)).toBeGreaterThan(999);
  });

  it("shortened on one device governs another at once", async () => {
    const phone = await signIn(desk, ada);
    await ageSession(desk, phone, 20 * 60);
    await choose(ada.visitor, "15 minutes");
    await phone.open("/profile");
    expect(phone.path).toBe("/sign-in?return=%2Fprofile");
    expect(phone.text).toContain("You were signed out after 15 minutes without activity");
  });

  it("lengthened on one device governs another at once, on every replica", async () => {
    const phone = await signIn(desk, ada);
    await choose(ada.visitor, "8 hours");
    await ageSession(desk, phone, 8 * 3600 - 2);
    phone.origin = (await desk.replica()).origin;
    expect((await phone.open("/profile")).path).toBe("/profile");
  });

  it("that has passed is not undone by a longer one, chosen elsewhere", async () => {
    const library = await signIn(desk, ada);
    await ageSession(desk, library, 31 * 60);
    await choose(ada.visitor, "90 days");
    expect((await library.open("/profile")).path).toMatch(/^\/sign-in/);
    expect((await ada.visitor.open("/profile")).path).toBe("/profile");
  });

  it("that has passed is not undone by a ceiling that is raised", async () => {
    await choose(ada.visitor, "8 hours");
    await desk.db.query("update installation set longest_session_timeout = 900");
    const library = await signIn(desk, ada);
    await ageSession(desk, library, 16 * 60);
    const page = await ada.visitor.tab().open("/admin/settings");
    await page.fill("Longest session timeout", "8 hours").press("Save Changes");
    expect(page.text).toContain("Saved: Longest session timeout.");
    expect((await library.open("/profile")).path).toMatch(/^\/sign-in/);
  });

  it("leads back, after signing in again, to where they were", async () => {
    await ageSession(desk, ada.visitor, 31 * 60);
    await ada.visitor.open("/profile/two-factor/reset?from=here");
    await ada.visitor.fill("Email", ada.email).fill("Password", ada.password).press("Sign in");
    desk.moveClock(30);
    await ada.visitor.fill("One-time code", codeNow(desk, ada.secret)).press("Verify");
    expect(ada.visitor.path).toBe("/profile/two-factor/reset?from=here");
  });

  it("that has passed is not undone by a request that was under way, nor by touching", async () => {
    const sid = storedSid(ada.visitor);
    await ageSession(desk, ada.visitor, 31 * 60);
    await ada.visitor.open("/profile");
    await ada.visitor.open("/sign-in");
    const { rows } = await desk.db.query(
      "select last_active_at < now() - interval '30 minutes' as old from sessions where sid = $1",
      [sid],
    );
    expect(rows).toEqual([{ old: true }]);
  });

  it("of a half finished sign-in is 15 minutes whatever the person chose", async () => {
    await choose(ada.visitor, "90 days");
    const half = await givePassword(ada, new Visitor(desk.origin));
    await ageSession(desk, half, 15 * 60 - 1);
    expect((await half.open("/sign-in/two-factor")).path).toBe("/sign-in/two-factor");
    await ageSession(desk, half, 15 * 60 + 1);
    await half.open("/sign-in/two-factor");
    expect(half.path).toMatch(/^\/sign-in\?/);
    expect(half.text).toContain("Signing in was not finished in time");
  });

  it("does not outlive the session's absolute lifetime", async () => {
    await startedAgo(desk, ada.visitor, 365 * 24 * 3600 - 5);
    expect((await ada.visitor.open("/profile")).path).toBe("/profile");
    await startedAgo(desk, ada.visitor, 365 * 24 * 3600 + 1);
    expect((await ada.visitor.open("/profile")).path).toMatch(/^\/sign-in\?/);
    expect(ada.visitor.text).toContain("You were signed out because a session lasts 365 days at most");
  });
});

describe("a session", () => {
  it("is stored under a hash of its cookie's value only", async () => {
    const sid = cookieSid(ada.visitor);
    expect(sid.length).toBeGreaterThanOrEqual(32);
    const { rows } = await desk.db.query<{ row: string }>("select s::text as row from sessions s");
    expect(rows.some(({ row }) => row.includes(storedSid(ada.visitor)))).toBe(true);
    expect(rows.some(({ row }) => row.includes(sid))).toBe(false);
  });

  it("whose last activity was counted ahead of a request is not written for that request, a page or not", async () => {
    await ageSession(desk, ada.visitor, -10);
    for (const path of ["/profile", "/no-such-page"]) await ada.visitor.open(path);
    expect(await idleFor(desk, ada.visitor)).toBeLessThan(-5);
    await ageSession(desk, ada.visitor, 10);
    await ada.visitor.open("/no-such-page");
    expect(await idleFor(desk, ada.visitor)).toBeLessThan(5);
  });

  it("has a cookie that the browser keeps as long as a session can last, 365 days", async () => {
    const body = new URLSearchParams({ email: ada.email, password: ada.password });
    const { headers } = await new Visitor(desk.origin).raw("/sign-in", { method: "POST", body });
    const [, expires = ""] = /; Expires=([^;]+)/.exec(headers.getSetCookie()[0] ?? "") ?? [];
    expect((Date.parse(expires) - Date.now()) / 86_400_000).toBeCloseTo(365, 2);
  });

  it("is forgotten 30 days after it ended, a few pages of the table at a time, and no sooner", async () => {
    const { email } = await addPerson(desk, "pruned@example.com");
    await desk.db.query(
      `insert into sessions (sid, sess, person_id, stage, started_at, last_active_at, expire)
       select 'old' || n, '{}', id, 'signed-in', now() - interval '40 days', now() - interval '1 day' * (20 + n % 20),
              now() + interval '300 days' from people, generate_series(1, 20000) n where email = $1`,
      [email],
    );
    const kept = async () =>
      (await desk.db.query("select count(*)::int as kept from sessions where sid like 'old%'")).rows[0].kept;
    const leftAtPauses: number[] = [];
    const pruned = await pruneSessions(desk.db, 30, async () => leftAtPauses.push(await kept()));
    // Idle for 30 days and half an hour: that is 31 to 39 of the days from 20 to 39.
    expect(pruned).toBe(20_000 * (9 / 20));
    expect(await kept()).toBe(20_000 * (11 / 20));
    expect(leftAtPauses.length).toBeGreaterThan(1);
    expect(leftAtPauses[0]).toBeGreaterThan(await kept());
    await desk.db.query("delete from sessions where sid like 'old%'");
  });

  it("remembers only what belongs to it: nothing of its row, its person or its cookie is kept with it", async () => {
    const { visitor } = await addPerson(desk, "memory@example.com");
    await (await visitor.open("/profile")).fill("First Name", "Mem").press("Save Changes");
    const { rows } = await desk.db.query(
      "select sess from sessions where person_id = (select id from people where email = 'memory@example.com')",
    );
    expect(Object.keys(rows[0].sess).sort()).toEqual(["before", "csrfSecret", "passwordGivenAt", "returnTo"]);
  });

  it("has a new id after the password and another after the code", async () => {
    const visitor = new Visitor(desk.origin);
    await givePassword(ada, visitor);
    const half = visitor.cookies.get("latchkey");
    const stolen = visitor.tab();
    await signIn(desk, ada, visitor);
    expect(visitor.cookies.get("latchkey")).not.toBe(half);
    expect((await stolen.open("/profile")).path).toMatch(/^\/sign-in/);
  });

  it("ended by signing out is gone from the database, so that a copy of the cookie opens nothing", async () => {
    const copy = ada.visitor.tab();
    await ada.visitor.press("Sign out");
    expect(ada.visitor.text).toContain("You have signed out.");
    expect(ada.visitor.cookies.has("latchkey")).toBe(false);
    expect((await desk.db.query("select from sessions")).rowCount).toBe(0);
    expect((await copy.open("/profile")).path).toMatch(/^\/sign-in/);
  });

  it("that nobody has is signed out of without asking the database, which anybody could have done over and over", async () => {
    const nowhere = new Pool({ connectionString: "postgres://nobody@127.0.0.1:1/none" });
    const visitor: Actor = { kind: "visitor", personId: null, sessionId: null, address: null, client: null };
    await endOwnSession(nowhere, visitor, undefined);
    await expect(endOwnSession(nowhere, visitor, "a name")).rejects.toThrow("ECONNREFUSED");
  });

  it("ended like another device's, by its own id, is signed out: its cookie is taken away", async () => {
    const { rows } = await desk.db.query("select id from sessions");
    const _csrf = ada.visitor.hidden("_csrf");
    await ada.visitor.post(`/profile/sessions/${rows[0].id}/end`, { _csrf });
    expect(ada.visitor.text).toContain("You have signed out.");
    expect(ada.visitor.cookies.has("latchkey")).toBe(false);
  });

  it("ended by signing out in the middle of a slow request stays ended, 50 rounds", async () => {
    for (let round = 0; round < 50; round++) {
      const visitor = round === 0 ? ada.visitor : await signIn(desk, ada);
      const tab = await visitor.tab().open("/profile");
      const { action, fields } = tab.fieldsOf("Save Changes");
      // The slow request has read its session and waits for the person's row; it will want to save a notice.
      const blocker = await desk.db.connect();
      await blocker.query("begin");
      await blocker.query("select from people for update");
      const slow = tab.raw(action, {
        method: "POST",
        body: new URLSearchParams({ ...fields, firstName: `Ada ${round}` }).toString(),
        headers: { "content-type": "application/x-www-form-urlencoded" },
      });
      await untilBlocked(desk.db);
      await visitor.open("/healthz");
      await visitor.post("/sign-out", { _csrf: fields._csrf ?? "" });
      await blocker.query("commit");
      blocker.release();
      expect((await slow).status).toBe(303);
      expect((await desk.db.query("select from sessions")).rowCount).toBe(0);
      expect((await tab.open("/profile")).path).toMatch(/^\/sign-in/);
    }
  }, 120_000);

  it("whose cookie was made up or changed opens nothing", async () => {
    for (const value of ["s%3Aabc.def", `${ada.visitor.cookies.get("latchkey")}x`, "", "j%3A%7B%7D"]) {
      const visitor = new Visitor(desk.origin);
      visitor.cookies.set("latchkey", value);
      expect((await visitor.open("/profile")).path).toMatch(/^\/sign-in/);
    }
  });

  it("is not made for a stranger who looks around", async () => {
    const { rowCount } = await desk.db.query("select from sessions");
    for (const path of ["/sign-in", "/", "/profile", "/no-such-page"]) {
      const visitor = await new Visitor(desk.origin).open(path);
      expect(visitor.cookies.size).toBe(0);
    }
    expect((await desk.db.query("select from sessions")).rowCount).toBe(rowCount);
  });

  it.each(["%00", "x", "%F0%9F%98%80", "a".repeat(5000)])(
    "named %s in an address is none, and nothing fails",
    async (id) => {
      const { fields } = (await ada.visitor.open("/profile/sessions")).fieldsOf("Sign out");
      await ada.visitor.post(`/profile/sessions/${id}/end`, fields);
      expect(ada.visitor.status).toBe(200);
      expect(ada.visitor.text).toContain("That device had been signed out already.");
    },
  );
});
