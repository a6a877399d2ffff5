import { openTestDesk, type TestDesk } from "../support/desk";
import {
  addPerson,
  codeNow,
  enrol,
  freshCode,
  givePassword,
  type Known,
  PASSWORD,
  recoveryCodes,
  setUp,
  setupKey,
  signIn,
} from "../support/people";
import { storedSid } from "../support/time";
import { Visitor } from "../support/visitor";

let desk: TestDesk;
let ada: Known;
beforeEach(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
});
afterEach(() => desk.close());

/** Somebody new who has given the password and stands before enrolment. */
async function newcomer(email = "new@example.com"): Promise<Visitor> {
  const exists = await desk.db.query("select from people where email = $1", [email]);
  if (!exists.rowCount) {
    const hash = await desk.desk.passwords.hash(PASSWORD);
    await desk.db.query(
      "insert into people (email, first_name, last_name, password_hash) values ($1, 'New', 'Comer', $2) on conflict do nothing",
      [email, hash],
    );
  }
  return givePassword({ ...ada, email }, new Visitor(desk.origin));
}

const begunAgo = (visitor: Visitor, seconds: number) =>
  desk.db.query(
    "update second_factors set created_at = clock_timestamp() - make_interval(secs => $2) where pending_in = $1",
    [storedSid(visitor), seconds],
  );

describe("enrolment", () => {
  it("keeps the same QR code after a wrong code and after a reload", async () => {
    const visitor = await newcomer();
    const [key, qr] = [setupKey(visitor), visitor.$("img[alt='QR code']").attr("src")];
    await visitor.fill("One-time code", "000000").press("Verify");
    expect(visitor.status).toBe(422);
    expect(visitor.errors.code).toContain("That code is not right");
    expect([setupKey(visitor), visitor.$("img[alt='QR code']").attr("src")]).toEqual([key, qr]);
    await visitor.open("/two-factor/enrol");
    expect(setupKey(visitor)).toBe(key);
  });

  it("hides the setup key until it is asked for, and shows it once a code was refused", async () => {
    const visitor = await newcomer();
    const isShown = () => visitor.$("details:has(#setup-key)").is("[open]");
    expect(isShown()).toBe(false);
    await visitor.fill("One-time code", "000000").press("Verify");
    expect(isShown()).toBe(true);
  });

  it("shows each session a key of its own, so that nobody enrols with a key another has seen", async () => {
    const [one, two] = [await newcomer(), await newcomer()];
    expect(setupKey(one)).not.toBe(setupKey(two));
  });

  it("lapses after 15 minutes and no sooner, with a new QR code and a sentence that says so", async () => {
    const visitor = await newcomer();
    const key = setupKey(visitor);
    await begunAgo(visitor, 15 * 60 - 5);
    await visitor.fill("One-time code", "000000").press("Verify");
    expect(visitor.errors.code).toContain("not right");
    expect(setupKey(visitor)).toBe(key);
    await begunAgo(visitor, 15 * 60 + 1);
    await visitor.fill("One-time code", freshCode(desk, key)).press("Verify");
    expect(visitor.status).toBe(422);
    expect(visitor.errors.code).toContain("has lapsed");
    expect(setupKey(visitor)).not.toBe(key);
    await enrol(desk, visitor, "new@example.com");
    expect(visitor.path).toBe("/profile");
  });

  it("begins anew where its key cannot be read any more", async () => {
    const visitor = await newcomer();
    const key = setupKey(visitor);
    await desk.db.query(
      `update second_factors set sealed_secret = (select sealed_secret from second_factors where pending_in is null)
        where pending_in = $1`,
      [storedSid(visitor)],
    );
    await visitor.fill("One-time code", freshCode(desk, key)).press("Verify");
    expect(visitor.errors.code).toContain("has lapsed");
    expect(setupKey(visitor)).not.toBe(key);
    await enrol(desk, visitor, "new@example.com");
    expect(visitor.path).toBe("/profile");
  });

  it("spends the code: it does not sign in a second time", async () => {
    const visitor = await newcomer();
    const key = setupKey(visitor);
    const code = freshCode(desk, key);
    await visitor.fill("One-time code", code).press("Verify");
    const again = await givePassword({ ...ada, email: "new@example.com" }, new Visitor(desk.origin));
    await again.fill("One-time code", code).press("Verify");
    expect(again.errors.code).toContain("used already");
  });

  it("is refused to a session that was left behind when another one enrolled", async () => {
    const [left, quick] = [await newcomer(), await newcomer()];
    const key = setupKey(left);
    await enrol(desk, quick, "new@example.com");
    await left.fill("One-time code", freshCode(desk, key)).press("Verify");
    expect(left.path).toMatch(/^\/sign-in/);
    expect((await desk.db.query("select from second_factors where pending_in is null")).rowCount).toBe(2);
  });

  it("is refused while the person has an authenticator, also to a session that was not ended when it was set up", async () => {
    const [left, quick] = [await newcomer(), await newcomer()];
    await desk.db.query("update second_factors set pending_in = null where pending_in = $1", [
      storedSid(quick),
    ]);
    const kept = (await desk.db.query("select id from second_factors where pending_in is null")).rows;
    await left.fill("One-time code", freshCode(desk, setupKey(left))).press("Verify");
    expect(left.path).toMatch(/^\/sign-in/);
    expect((await desk.db.query("select id from second_factors where pending_in is null")).rows).toEqual(
      kept,
    );
  });

  it("of twenty sessions at once succeeds for exactly one", async () => {
    const sessions = await Promise.all(Array.from({ length: 20 }, () => newcomer()));
    desk.moveClock(30);
    const done = await Promise.all(
      sessions.map((visitor) =>
        visitor.fill("One-time code", codeNow(desk, setupKey(visitor))).press("Verify"),
      ),
    );
    expect(done.filter((visitor) => recoveryCodes(visitor).length === 10)).toHaveLength(1);
    expect(done.every((visitor) => visitor.status < 500)).toBe(true);
    const { rowCount } = await desk.db.query(
      "select from second_factors f join people p on p.id = f.person_id where p.email = 'new@example.com'",
    );
    expect(rowCount).toBe(1);
  });

  it("stores the secret sealed for this account: moved to another it does not open", async () => {
    const grace = await addPerson(desk, "grace@example.com");
    await desk.db.query(
      `update second_factors set sealed_secret = (select sealed_secret from second_factors f join people p on p.id = f.person_id
        where p.email = 'ada@example.com') where person_id = (select id from people where email = 'grace@example.com')`,
    );
    const unreadable = () => desk.log.filter((line) => line.includes("An authenticator cannot be read"));
    const visitor = await givePassword(ada, new Visitor(desk.origin));
    await visitor.fill("One-time code", "000000").press("Verify");
    expect([visitor.status, unreadable()]).toEqual([422, []]);
    await givePassword(grace, visitor);
    await visitor.fill("One-time code", freshCode(desk, ada.secret)).press("Verify");
    expect(visitor.status).toBe(503);
    expect(visitor.errors.code).toContain("Your authenticator cannot be read on our side");
    const { rows } = await desk.db.query("select id from people where email = 'grace@example.com'");
    expect(unreadable().map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 50, id: expect.any(String), person: rows[0].id }),
    ]);
    expect((await visitor.open("/profile")).path).toBe("/sign-in/two-factor");
  });
});

describe("where two-factor authentication is optional", () => {
  beforeEach(() => desk.db.query("update installation set two_factor_policy = 'optional'"));

  it("enrolment is offered at the first sign-in, can be put off, and the profile offers it", async () => {
    await newcomer();
    const visitor = await new Visitor(desk.origin).open("/profile?from=here");
    await visitor.fill("Email", "new@example.com").fill("Password", PASSWORD).press("Sign in");
    await visitor.press("Not now");
    expect(visitor.path).toBe("/profile?from=here");
    expect(visitor.hasButton("Set Up Two-Factor Authentication")).toBe(true);
    const again = await newcomer();
    expect(again.path).toBe("/profile");
    await again.press("Set Up Two-Factor Authentication");
    expect(again.heading).toBe("Set Up Two-Factor Authentication");
    await again.fill("One-time code", freshCode(desk, setupKey(again))).press("Verify");
    expect(recoveryCodes(again)).toHaveLength(10);
    expect(again.text).not.toContain("Your old authenticator");
    expect((await newcomer()).path).toBe("/sign-in/two-factor");
  });

  it("who has enrolled needs the code all the same", async () => {
    expect((await givePassword(ada, new Visitor(desk.origin))).path).toBe("/sign-in/two-factor");
  });

  it("only for members, an administrator cannot put it off", async () => {
    await desk.db.query("update installation set two_factor_policy = 'administrators'");
    const member = await newcomer();
    await member.press("Not now");
    expect(member.path).toBe("/profile");

    await newcomer("boss@example.com");
    await desk.db.query("update people set roles = '{administrator}' where email = 'boss@example.com'");
    const boss = await newcomer("boss@example.com");
    expect(boss.hasButton("Not now")).toBe(false);
    await boss.post("/two-factor/not-now", { _csrf: boss.hidden("_csrf") });
    expect(boss.path).toBe("/two-factor/enrol");

    await desk.db.query("update people set roles = '{administrator}' where email = 'new@example.com'");
    expect((await newcomer()).path).toBe("/two-factor/enrol");
  });

  it("who has no authenticator gets no recovery codes either", async () => {
    const visitor = await newcomer();
    await visitor.press("Not now");
    await visitor.post("/profile/two-factor/recovery-codes", { _csrf: visitor.hidden("_csrf") });
    expect([visitor.path, visitor.status]).toEqual(["/profile", 200]);
    const { rows } = await desk.db.query(
      "select count(*)::int from recovery_codes r join people p on p.id = r.person_id where email = 'new@example.com'",
    );
    expect(rows).toEqual([{ count: 0 }]);
  });
});

describe("reset", () => {
  it("leaves the old authenticator working until the new one's code is confirmed, and then only the new one", async () => {
    const { visitor } = ada;
    await visitor.press("Reset Two-Factor Authentication");
    expect(visitor.heading).toBe("Reset Two-Factor Authentication");
    const newSecret = setupKey(visitor);
    expect(newSecret).not.toBe(ada.secret);
    await visitor.fill("One-time code", "000000").press("Verify");
    expect(setupKey(visitor)).toBe(newSecret);
    expect((await signIn(desk, ada)).path).toBe("/profile");

    const old = recoveryCodes(visitor);
    await visitor.fill("One-time code", freshCode(desk, newSecret)).press("Verify");
    const codes = recoveryCodes(visitor);
    expect(codes).toHaveLength(10);
    expect(codes).not.toEqual(old);
    expect(visitor.text).toContain("Your old authenticator and your old recovery codes no longer work");

    const stale = await givePassword(ada, new Visitor(desk.origin));
    await stale.fill("One-time code", freshCode(desk, ada.secret)).press("Verify");
    expect(stale.errors.code).toContain("not right");
    expect((await signIn(desk, { ...ada, secret: newSecret })).path).toBe("/profile");
  });

  it("ends the other sessions, also half signed in ones, and keeps this one under a new id", async () => {
    const phone = await signIn(desk, ada);
    const half = await givePassword(ada, new Visitor(desk.origin));
    const grace = await addPerson(desk, "grace@example.com");
    const { visitor } = ada;
    const before = visitor.cookies.get("latchkey");
    await visitor.open("/profile/two-factor/reset");
    await visitor.fill("One-time code", freshCode(desk, setupKey(visitor))).press("Verify");
    await visitor.press("Done");
    expect(visitor.path).toBe("/profile");
    expect(visitor.cookies.get("latchkey")).not.toBe(before);
    expect((await phone.open("/profile")).path).toMatch(/^\/sign-in\?/);
    expect((await half.open("/sign-in/two-factor")).path).toMatch(/^\/sign-in\?/);
    expect((await grace.visitor.open("/profile")).path).toBe("/profile");
    expect((await visitor.open("/profile/activity")).text).toContain("2 other sessions ended");
  });

  it("replaces the recovery codes", async () => {
    const { visitor } = ada;
    await visitor.open("/profile/two-factor/reset");
    const secret = setupKey(visitor);
    await visitor.fill("One-time code", freshCode(desk, secret)).press("Verify");
    const half = await givePassword(ada, new Visitor(desk.origin));
    await half.open("/sign-in/recovery-code");
    await half.fill("Recovery code", ada.recoveryCodes[0] ?? "").press("Verify");
    expect(half.status).toBe(422);
  });

  it("sent twice leads to the profile, which says what happened", async () => {
    const { visitor } = ada;
    await visitor.open("/profile/two-factor/reset");
    const { fields } = visitor.fill("One-time code", freshCode(desk, setupKey(visitor))).fieldsOf("Verify");
    await visitor.post("/profile/two-factor/reset", fields);
    // As loading the page with the recovery codes again sends it, and as a form that was drawn since would.
    for (const _csrf of [fields._csrf ?? "", visitor.hidden("_csrf")]) {
      await visitor.open("/profile");
      await visitor.post("/profile/two-factor/reset", { ...fields, _csrf });
      expect(visitor.path).toBe("/profile");
      expect(visitor.text).toContain("Your new authenticator is in use already");
    }
  });

  it("left half-way changes nothing", async () => {
    await ada.visitor.press("Reset Two-Factor Authentication");
    await ada.visitor.press("Cancel");
    expect(ada.visitor.path).toBe("/profile");
    await ada.visitor.press("Sign out");
    expect((await signIn(desk, ada)).path).toBe("/profile");
    expect((await desk.db.query("select from second_factors")).rowCount).toBe(1);
  });

  it("asks for the password first when it was given over 10 minutes ago, and goes on from there", async () => {
    const { visitor } = ada;
    desk.moveClock(10 * 60 + 1);
    await visitor.press("Reset Two-Factor Authentication");
    expect(visitor.path).toBe("/confirm-password?return=%2Fprofile%2Ftwo-factor%2Freset");
    expect(visitor.fieldsOf("Cancel").action).toBe("/profile");
    await visitor.press("Confirm");
    expect(visitor.errors.password).toBe("Enter your password");
    await visitor.fill("Password", "Wrong-Password-1").press("Confirm");
    expect(visitor.status).toBe(422);
    expect(visitor.errors.password).toContain("That is not your password");
    await visitor.fill("Password", PASSWORD).press("Confirm");
    expect(visitor.path).toBe("/profile/two-factor/reset");
  });
});

describe("the page that asks for the password", () => {
  it("says what it is asked for", async () => {
    const person = "/admin/people/4b0ca425-0000-4000-8000-000000000000/deactivate";
    for (const [next, purpose] of [
      ["/profile/two-factor/recovery-codes", "to get new recovery codes."],
      ["/profile/two-factor/reset", "to reset two-factor authentication."],
      ["/profile/email", "to change your email."],
      [person, "to change somebody's account."],
      ["/admin/service-accounts/new", "to change service accounts."],
      ["/profile/activity", "before you go on."],
    ] as const) {
      await ada.visitor.open(`/confirm-password?return=${encodeURIComponent(next)}`);
      expect(ada.visitor.text).toContain(`enter your password again ${purpose}`);
    }
  });

  it("leads back to the profile where it was itself what led there", async () => {
    const page = "/confirm-password?return=%2Fprofile%2Femail";
    const { body } = await ada.visitor.raw(page, { headers: { referer: `${desk.origin}${page}` } });
    ada.visitor.html = body;
    expect(ada.visitor.fieldsOf("Cancel").action).toBe("/profile");
  });
});

describe("new recovery codes", () => {
  it("replace the old ones and are shown once", async () => {
    const { visitor } = ada;
    await visitor.press("Get new recovery codes");
    expect(visitor.text).toContain("You have 10 unused recovery codes");
    await visitor.press("Get new recovery codes");
    const codes = recoveryCodes(visitor);
    expect(new Set([...codes, ...ada.recoveryCodes]).size).toBe(20);
    const half = await givePassword(ada, new Visitor(desk.origin));
    await half.open("/sign-in/recovery-code");
    await half.fill("Recovery code", ada.recoveryCodes[0] ?? "").press("Verify");
    expect(half.status).toBe(422);
    await half.fill("Recovery code", codes[0] ?? "").press("Verify");
    expect(half.path).toBe("/profile");
  });
});

describe("the trail", () => {
  it("has each change with who, what and from where, and no secret", async () => {
    await ada.visitor.open("/profile/two-factor/reset");
    await ada.visitor.fill("One-time code", freshCode(desk, setupKey(ada.visitor))).press("Verify");
    const { rows } = await desk.db.query(
      "select action, actor_kind, address, client, session_id is not null as session from trail order by id",
    );
    expect(rows.map((row) => row.action)).toEqual([
      "installation.set-up",
      "second-factor.enrolled",
      "session.started",
      "second-factor.reset",
      "session.started",
    ]);
    expect(rows[3]).toEqual({
      action: "second-factor.reset",
      actor_kind: "person",
      address: "127.0.0.1",
      client: "Visitor/1.0",
      session: true,
    });
  });
});
