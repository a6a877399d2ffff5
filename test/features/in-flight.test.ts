import { COMMAND_LINE } from "../../src/base/actor";
import { askForReset } from "../../src/features/forgot-password/ask-for-reset";
import { openTestDesk, type TestDesk } from "../support/desk";
import {
  addPerson,
  codeNow,
  freshCode,
  givePassword,
  type Known,
  PASSWORD,
  recoveryCodes,
  setUp,
  setupKey,
  signIn,
} from "../support/people";
import { ageSession, storedSid } from "../support/time";
import { until, untilBlocked } from "../support/until";
import { Visitor } from "../support/visitor";

let desk: TestDesk;
let ada: Known;
beforeEach(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
});
afterEach(() => desk.close());

/** Holds the person's row, lets a request run into it, changes the world with `meanwhile`, and lets the request go on. */
async function whileWaiting(
  request: () => Promise<unknown>,
  meanwhile: (query: (text: string, values?: unknown[]) => Promise<unknown>) => Promise<unknown>,
  hold = "select from people for update",
): Promise<void> {
  const blocker = await desk.db.connect();
  await blocker.query("begin");
  await blocker.query(hold);
  const under = request();
  try {
    await untilBlocked(desk.db);
    await meanwhile((text, values) => blocker.query(text, values));
  } finally {
    await blocker.query("commit");
    blocker.release();
  }
  await under;
}

const liveSessions = async () =>
  (await desk.db.query("select stage from sessions")).rows.map((row) => row.stage);

describe("a request under way", () => {
  it("that gives the right password while two-factor authentication is enrolled elsewhere is asked for the code", async () => {
    await desk.db.query("update installation set two_factor_policy = 'optional'");
    await desk.db.query("update second_factors set pending_in = $1", [storedSid(ada.visitor)]);
    const thief = await new Visitor(desk.origin).open("/sign-in");
    thief.fill("Email", ada.email).fill("Password", PASSWORD);
    await whileWaiting(
      () => thief.press("Sign in"),
      (query) => query("update second_factors set pending_in = null"),
    );
    expect(thief.path).toBe("/sign-in/two-factor");
  });

  it("with a password that is replaced at that moment begins no session", async () => {
    await desk.db.query("update installation set two_factor_policy = 'optional'");
    await desk.db.query("delete from second_factors");
    await desk.db.query("update people set two_factor_put_off_at = now()");
    const thief = await new Visitor(desk.origin).open("/sign-in");
    thief.fill("Email", ada.email).fill("Password", PASSWORD);
    await whileWaiting(
      () => thief.press("Sign in"),
      async (query) => {
        await query("update people set password_hash = $1", [await desk.desk.passwords.hash("another one")]);
        await query("delete from sessions");
      },
    );
    expect(thief.path).toBe("/sign-in");
    expect(await liveSessions()).toEqual([]);
  });

  it("that changes the password while it is changed elsewhere changes nothing, and says so", async () => {
    const elsewhere = await desk.desk.passwords.hash("Third-Harbour-44");
    await ada.visitor.open("/profile/password");
    ada.visitor.fill("Current password", PASSWORD).fill("New password", "Harbour-Sunshine-43");
    await whileWaiting(
      () => ada.visitor.press("Change password"),
      (query) => query("update people set password_hash = $1", [elsewhere]),
    );
    expect(ada.visitor.status).toBe(422);
    expect(ada.visitor.errors.currentPassword).toContain("Your password was changed elsewhere a moment ago");
    expect((await desk.db.query("select password_hash from people")).rows).toEqual([
      { password_hash: elsewhere },
    ]);
    const changed = "select from trail where action = 'password.changed'";
    expect((await desk.db.query(changed)).rowCount).toBe(0);
  });

  it("that wants to put enrolment off while somebody enrols is refused", async () => {
    await desk.db.query("update installation set two_factor_policy = 'optional'");
    await desk.db.query("delete from second_factors");
    const thief = await givePassword(ada, new Visitor(desk.origin));
    expect(thief.hasButton("Not now")).toBe(true);
    await whileWaiting(
      () => thief.press("Not now"),
      (query) =>
        query("update second_factors set pending_in = null where pending_in = $1", [storedSid(thief)]),
    );
    expect(thief.path).toBe("/two-factor/enrol");
    expect((await thief.open("/profile")).path).toBe("/two-factor/enrol");
  });

  it("that puts enrolment off, or enrols, does not sign in once its session has ended, nor shows recovery codes", async () => {
    await desk.db.query("update installation set two_factor_policy = 'optional'");
    await desk.db.query("delete from second_factors");
    const thief = await givePassword(ada, new Visitor(desk.origin));
    await whileWaiting(
      () => thief.press("Not now"),
      (query) => query("delete from sessions"),
    );
    expect(thief.path).toBe("/sign-in");

    await desk.db.query("update people set two_factor_put_off_at = null");
    await givePassword(ada, thief);
    // As late as can be: the authenticator is the person's own, and the session is about to be signed in.
    await desk.db.query(`
      create function end_sessions() returns trigger language plpgsql as $$
        begin delete from sessions; return null; end $$;
      create trigger end_sessions after insert on trail for each row
        when (new.action = 'second-factor.enrolled') execute function end_sessions();`);
    await thief.fill("One-time code", freshCode(desk, setupKey(thief))).press("Verify");
    expect(thief.path).toBe("/sign-in");
    expect(recoveryCodes(thief)).toEqual([]);
    expect(await liveSessions()).toEqual([]);
  });

  it("with a right code does not sign in once a reset has ended its session", async () => {
    const thief = await givePassword(ada, new Visitor(desk.origin));
    thief.fill("One-time code", freshCode(desk, ada.secret));
    await whileWaiting(
      () => thief.press("Verify"),
      (query) => query("delete from sessions where sid = $1", [storedSid(thief)]),
    );
    expect(thief.path).toBe("/sign-in");
    expect(await liveSessions()).toEqual(["signed-in"]);
  });

  it("with a right recovery code does not sign in once a reset has ended its session, nor says what is left", async () => {
    const thief = await givePassword(ada, new Visitor(desk.origin));
    await thief.open("/sign-in/recovery-code");
    thief.fill("Recovery code", ada.recoveryCodes[0] ?? "");
    await whileWaiting(
      () => thief.press("Verify"),
      (query) => query("delete from sessions where sid = $1", [storedSid(thief)]),
    );
    expect(thief.path).toBe("/sign-in");
    expect(thief.text).not.toContain("recovery codes left");
    expect(await liveSessions()).toEqual(["signed-in"]);
  });

  it.each([
    ["/sign-in/two-factor", "One-time code"],
    ["/sign-in/recovery-code", "Recovery code"],
  ])("at %s while two-factor authentication is reset is told that the code is wrong", async (path, label) => {
    const half = await (await givePassword(ada, new Visitor(desk.origin))).open(path);
    const code = label === "One-time code" ? freshCode(desk, ada.secret) : (ada.recoveryCodes[0] ?? "");
    await whileWaiting(
      () => half.fill(label, code).press("Verify"),
      async (query) => {
        await query("delete from sessions");
        await query("delete from recovery_codes");
        await query("delete from second_factors");
      },
      "lock table throttles in access exclusive mode",
    );
    expect(half.status).toBe(422);
    expect(Object.values(half.errors)).toEqual([expect.stringContaining("code is not right")]);
    expect(await liveSessions()).toEqual([]);
  });

  it.each([
    ["deactivated", "update people set deactivated_at = now()"],
    ["made an administrator no more", "update people set roles = '{member}'"],
    ["given another password", "update people set password_hash = 'another one'"],
  ])("with a right code does not sign in who is %s at that moment", async (_what, change) => {
    const half = await givePassword(ada, new Visitor(desk.origin));
    half.fill("One-time code", freshCode(desk, ada.secret));
    await whileWaiting(
      () => half.press("Verify"),
      async (query) => {
        await query(change);
        await query("delete from sessions");
      },
    );
    expect(half.path).toMatch(/^\/sign-in/);
    expect(await liveSessions()).toEqual([]);
  });

  it.each([
    ["saves the profile", "select from people for update", "Save Changes"],
    ["changes the password", "select from people for update", "Change password"],
    ["confirms the password", "select from sessions for update", "Confirm"],
  ])("that %s while its session is ended brings none back", async (_what, hold, button) => {
    const copy = ada.visitor.tab();
    if (button === "Save Changes") (await ada.visitor.open("/profile")).fill("First Name", "Augusta");
    if (button === "Confirm") (await ada.visitor.open("/confirm-password")).fill("Password", PASSWORD);
    if (button === "Change password") {
      await ada.visitor.open("/profile/password");
      ada.visitor.fill("Current password", PASSWORD).fill("New password", "Harbour-Sunshine-43");
    }
    await whileWaiting(
      () => ada.visitor.press(button),
      (query) => query("delete from sessions"),
      hold,
    );
    expect(ada.visitor.path).toMatch(/^\/sign-in/);
    expect((await copy.open("/profile")).path).toMatch(/^\/sign-in/);
    expect(await liveSessions()).toEqual([]);
  });

  it.each([
    ["a key", "/profile/api-key/generate", "Generate API Key"],
    ["recovery codes", "/profile/two-factor/recovery-codes", "Get new recovery codes"],
  ])("that makes %s while its session is ended makes none", async (_what, page, button) => {
    const made =
      "select (select count(*) from api_keys)::int, (select array_agg(hash order by hash) from recovery_codes)";
    const { rows: before } = await desk.db.query(made);
    await ada.visitor.open(page);
    await whileWaiting(
      () => ada.visitor.press(button),
      (query) => query("delete from sessions"),
    );
    expect(ada.visitor.status).toBe(403);
    expect(ada.visitor.text).toContain("You are signed out by now, so nothing was changed.");
    expect((await desk.db.query(made)).rows).toEqual(before);
  });

  it("that makes a service account's key is refused once its maker is no administrator", async () => {
    const { rows } = await desk.db.query(
      `insert into service_accounts (name, purpose, responsible_id)
       select 'nightly-report', 'reports', id from people returning id`,
    );
    await ada.visitor.open(`/admin/service-accounts/${rows[0].id}/api-key/generate`);
    await whileWaiting(
      () => ada.visitor.press("Generate API Key"),
      (query) => query("update people set roles = '{member}'"),
      "select from installation for update; select from people for update",
    );
    expect(ada.visitor.status).toBe(403);
    expect((await desk.db.query("select from api_keys")).rowCount).toBe(0);
  });

  it("for a new password mails no link to an email the person has left, nor to somebody deactivated", async () => {
    for (const change of [
      "update people set email = 'new@example.com'",
      "update people set email = 'ada@example.com', deactivated_at = now()",
    ]) {
      const { rows } = await desk.db.query("select email from people");
      const visitor = new Visitor(desk.origin);
      await whileWaiting(
        () => visitor.post("/forgot-password", rows[0]),
        (query) => query(change),
      );
      expect(visitor.status).toBe(200);
    }
    expect((await desk.db.query("select from links")).rowCount).toBe(0);
  });

  it("for a new password keeps no other one waiting, which mails no link of its own", async () => {
    // As two replicas do it; in one, those who ask for the same account take turns.
    const ask = () => askForReset(desk.db, desk.desk, COMMAND_LINE, ada.email);
    let answered = false;
    let other: Promise<void> | undefined;
    await whileWaiting(ask, async () => {
      other = ask().then(() => {
        answered = true;
      });
      await until("the other one is answered", () => answered, 5_000);
    });
    await other;
    expect((await desk.db.query("select from links")).rowCount).toBe(1);
  });

  it.each([
    ["everywhere else by oneself", "/profile/sessions/end-others"],
    ["everywhere by an administrator", "/admin/people/:id/end-sessions"],
  ])("with a right code does not outlive signing out %s, 20 rounds", async (_by, path) => {
    const grace = await addPerson(desk, "grace@example.com");
    const { rows } = await desk.db.query("select id from people where email = 'grace@example.com'");
    const by = path.startsWith("/admin") ? ada.visitor : grace.visitor;
    const _csrf = (await by.tab().open("/profile")).hidden("_csrf");
    for (let round = 0; round < 20; round++) {
      const half = await givePassword(grace, new Visitor(desk.origin));
      half.fill("One-time code", freshCode(desk, grace.secret));
      const [, ended] = await Promise.all([
        half.press("Verify"),
        new Promise((resolve) => setTimeout(resolve, round / 2)).then(() =>
          by.tab().post(path.replace(":id", rows[0].id), { _csrf }),
        ),
      ]);
      const signedIn = (await half.open("/profile")).path === "/profile";
      // Signing in may come after it as a whole; then it found the half signed in session or none, and says so.
      const order = await desk.db.query(
        "select action from trail where action in ('session.started', 'sessions.ended') order by id desc limit 1",
      );
      if (signedIn)
        expect([round, ended.status, order.rows[0]?.action]).toEqual([round, 200, "session.started"]);
    }
  });

  it("that confirms a reset does not outlive signing out", async () => {
    await ada.visitor.open("/profile/two-factor/reset");
    const tab = ada.visitor.tab();
    ada.visitor.fill("One-time code", freshCode(desk, setupKey(ada.visitor)));
    await whileWaiting(
      () => ada.visitor.press("Verify"),
      (query) => query("delete from sessions where sid = $1", [storedSid(tab)]),
    );
    expect(ada.visitor.path).toMatch(/^\/sign-in|^\/profile\/two-factor/);
    expect(await liveSessions()).toEqual([]);
  });

  it("with three neighbouring codes from one half signed in session leaves one session", async () => {
    for (let round = 0; round < 10; round++) {
      const half = await givePassword(ada, new Visitor(desk.origin));
      desk.moveClock(120);
      const codes = [-30, 0, 30].map((drift) => {
        desk.moveClock(drift);
        const code = codeNow(desk, ada.secret);
        desk.moveClock(-drift);
        return code;
      });
      const _csrf = half.hidden("_csrf");
      await Promise.all(codes.map((code) => half.tab().post("/sign-in/two-factor", { _csrf, code })));
      const before = round + 1;
      expect((await liveSessions()).filter((stage) => stage === "signed-in")).toHaveLength(before + 1);
    }
  });

  it("for the authenticator page while its session ends is led to the sign-in page, never a 500", async () => {
    for (let round = 0; round < 10; round++) {
      const visitor = await signIn(desk, ada);
      await visitor.open("/profile");
      const _csrf = visitor.hidden("_csrf");
      const tabs = Array.from({ length: 6 }, () => visitor.tab());
      const pages = tabs.map((tab) => tab.open("/profile/two-factor/reset"));
      await Promise.all([visitor.tab().post("/sign-out", { _csrf }), ...pages]);
      for (const tab of tabs) expect(tab.status).toBe(200);
    }
  });

  it("for the authenticator page as its session ends is led to the sign-in page", async () => {
    await whileWaiting(
      () => ada.visitor.open("/profile/two-factor/reset"),
      (query) => query("delete from sessions"),
      "lock table second_factors in access exclusive mode",
    );
    expect(ada.visitor.path).toBe("/sign-in");
  });

  it("that confirms a reset at the same moment as another session's gets an answer, and one of them wins", async () => {
    const phone = await signIn(desk, ada);
    const both = [ada.visitor, phone];
    for (const visitor of both) await visitor.open("/profile/two-factor/reset");
    desk.moveClock(30);
    await Promise.all(
      both.map((visitor) => visitor.fill("One-time code", codeNow(desk, setupKey(visitor))).press("Verify")),
    );
    for (const visitor of both) expect(visitor.status).toBeLessThan(500);
    expect(await liveSessions()).toEqual(["signed-in"]);
  });
});

describe("confirming the password", () => {
  it("gives the session a new id, so that a copied cookie gains nothing", async () => {
    desk.moveClock(601);
    await ada.visitor.open("/profile/api-key/generate");
    const thief = ada.visitor.tab();
    const { rows: before } = await desk.db.query("select id, started_at from sessions");
    await ada.visitor.fill("Password", PASSWORD).press("Confirm");
    expect(ada.visitor.path).toBe("/profile/api-key/generate");
    expect((await thief.open("/profile")).path).toMatch(/^\/sign-in/);
    expect((await desk.db.query("select id, started_at from sessions")).rows).toEqual(before);
  });

  it("keeps the QR code that was being scanned", async () => {
    await ada.visitor.open("/profile/two-factor/reset");
    const key = setupKey(ada.visitor);
    desk.moveClock(601);
    await ada.visitor.open("/profile/two-factor/reset");
    await ada.visitor.fill("Password", PASSWORD).press("Confirm");
    expect(setupKey(ada.visitor)).toBe(key);
  });
});

describe("half signed in", () => {
  it("ends 15 minutes after the password, whatever the activity", async () => {
    const half = await givePassword(ada, new Visitor(desk.origin));
    const sid = storedSid(half);
    await desk.db.query("update sessions set started_at = now() - interval '899 s' where sid = $1", [sid]);
    expect((await half.open("/sign-in/two-factor")).path).toBe("/sign-in/two-factor");
    await desk.db.query("update sessions set started_at = now() - interval '901 s' where sid = $1", [sid]);
    await half.open("/sign-in/two-factor");
    expect(half.text).toContain("Signing in was not finished in time");
  });
});

describe("who was deactivated", () => {
  it("is not told that they were inactive", async () => {
    const grace = await addPerson(desk, "grace@example.com");
    await desk.db.query("update people set deactivated_at = now() where email = $1", [grace.email]);
    await grace.visitor.open("/profile");
    expect(grace.visitor.path).toMatch(/^\/sign-in/);
    expect(grace.visitor.text).toContain("Your session has ended. Sign in again.");
    expect(grace.visitor.text).not.toContain("without activity");
  });
});

describe("signing out", () => {
  it("with the cookie from before the password was confirmed or the code given ends what that began", async () => {
    await ada.visitor.open("/confirm-password");
    const tab = ada.visitor.tab();
    const _csrf = ada.visitor.hidden("_csrf");
    await ada.visitor.fill("Password", PASSWORD).press("Confirm");
    expect((await tab.post("/sign-out", { _csrf })).text).toContain("You have signed out");
    expect((await ada.visitor.open("/profile")).path).toMatch(/^\/sign-in/);

    const half = await givePassword(ada, new Visitor(desk.origin));
    const other = half.tab();
    await half.fill("One-time code", freshCode(desk, ada.secret)).press("Verify");
    expect(half.path).toBe("/profile");
    await other.post("/sign-out", {});
    expect((await half.open("/profile")).path).toMatch(/^\/sign-in/);
    const { rows } = await desk.db.query(
      "select actor_id = subject_id as own from trail where action = 'session.ended' order by id",
    );
    expect(rows).toEqual([{ own: true }, { own: true }]);
  });

  it("while a right code is on its way ends what that begins", async () => {
    const half = await givePassword(ada, new Visitor(desk.origin));
    const other = half.tab();
    const _csrf = half.hidden("_csrf");
    half.fill("One-time code", freshCode(desk, ada.secret));
    let out: Promise<Visitor> | undefined;
    await whileWaiting(
      () => half.press("Verify"),
      async () => {
        out = other.post("/sign-out", { _csrf });
        await untilBlocked(desk.db, 2);
      },
      "lock table trail in exclusive mode",
    );
    expect((await out)?.text).toContain("You have signed out");
    expect((await half.open("/profile")).path).toMatch(/^\/sign-in/);
    expect(await liveSessions()).toEqual(["signed-in"]);
  });

  it("with that cookie ends nothing a minute later", async () => {
    await ada.visitor.open("/confirm-password");
    const tab = ada.visitor.tab();
    await ada.visitor.fill("Password", PASSWORD).press("Confirm");
    await ageSession(desk, ada.visitor, 61);
    await tab.post("/sign-out", {});
    expect((await ada.visitor.open("/profile")).path).toBe("/profile");
  });
});
