import { hashRecoveryCode } from "../../src/platform/seal";
import { replaceRecoveryCodes } from "../../src/records/recovery-codes";
import { openTestDesk, type TestDesk } from "../support/desk";
import {
  addPerson,
  codeNow,
  freshCode,
  givePassword,
  type Known,
  PASSWORD,
  setUp,
  signIn,
} from "../support/people";
import { Visitor } from "../support/visitor";

let desk: TestDesk;
let ada: Known;
beforeAll(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
});
afterAll(() => desk.close());

const tryPassword = async (email: string, password: string) => {
  const visitor = await new Visitor(desk.origin).open("/sign-in");
  return visitor.fill("Email", email).fill("Password", password).press("Sign in");
};

describe("the sign-in page", () => {
  it("asks for the one-time code after the right password, whatever the case of the email", async () => {
    expect((await tryPassword("ADA@Example.com ", PASSWORD)).path).toBe("/sign-in/two-factor");
  });

  it("gives the same answer for a wrong password, an unknown email and a deactivated person", async () => {
    const gone = await addPerson(desk, "gone@example.com");
    await desk.db.query("update people set deactivated_at = now() where email = $1", [gone.email]);
    const answers = await Promise.all(
      [ada.email, "nobody@example.com", gone.email].map(async (email) => {
        const visitor = await tryPassword(email, "Wrong-Password-1");
        return [visitor.status, visitor.html.replaceAll(email, "EMAIL"), visitor.cookies.size];
      }),
    );
    expect(answers[0]?.[0]).toBe(422);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    expect((await tryPassword(gone.email, PASSWORD)).status).toBe(422);
  });

  it("checks a real hash for an unknown email too, so that its speed tells nothing", async () => {
    const { passwords } = desk.desk;
    const slow = jest.spyOn(passwords, "matches");
    await tryPassword("nobody@example.com", "Wrong-Password-1");
    expect(slow).toHaveBeenCalledWith("Wrong-Password-1", undefined, false);
    slow.mockRestore();
  });

  it("keeps the email and never the password when something is missing", async () => {
    const visitor = await tryPassword("ada@example.com", "");
    expect(visitor.status).toBe(422);
    expect(visitor.errors).toEqual({ password: "Enter your password" });
    expect(visitor.value("Email")).toBe("ada@example.com");
    expect((await tryPassword("", PASSWORD)).errors).toEqual({ email: "Enter your email" });
    expect(visitor.html).not.toContain(PASSWORD);
  });

  it.each([
    ["an array", "email=a&email=b&password=c", 400],
    ["a NUL", "email=a%00b&password=c", 400],
    ["half a surrogate pair", "email=%ED%A0%80&password=c", 422],
    ["missing fields", "", 422],
    ["a megabyte", `email=${"x".repeat(1024 * 1024)}`, 413],
    ["a thousand fields", Array.from({ length: 1000 }, (_, i) => `f${i}=1`).join("&"), 413],
  ])("answers %s with a message and no session", async (_what, body, status) => {
    const visitor = await new Visitor(desk.origin).post("/sign-in", body);
    expect(visitor.status).toBe(status);
    expect(visitor.text.length).toBeGreaterThan(20);
    expect(visitor.cookies.size).toBe(0);
  });

  it("answers a body of another kind with the form again", async () => {
    const body = JSON.stringify({ email: ada.email, password: PASSWORD });
    const visitor = await new Visitor(desk.origin).post("/sign-in", body, {
      "content-type": "application/json",
    });
    expect(visitor.status).toBe(422);
  });

  it("leads back to the page that was asked for, or on which the form was that was sent", async () => {
    const stranger = new Visitor(desk.origin);
    const wayOf = async (method: string, path: string, headers: Record<string, string> = {}) =>
      (await stranger.raw(path, { method, headers })).headers.get("location");
    const referer = `${desk.origin}/profile/sessions?from=here`;
    const asked = "/sign-in?return=%2Fprofile%2Factivity%3Fpage%3D2";
    for (const method of ["GET", "HEAD"])
      expect(await wayOf(method, "/profile/activity?page=2", { referer })).toBe(asked);
    const sent = "/sign-in?return=%2Fprofile%2Fsessions%3Ffrom%3Dhere&notice=not-saved";
    expect(await wayOf("POST", "/profile/sessions/end-others", { referer })).toBe(sent);
    expect(await wayOf("POST", "/profile/email")).toBe("/sign-in?return=%2Fprofile%2Femail&notice=not-saved");
    expect(await wayOf("POST", "/profile/sessions/end-others")).toBe(
      "/sign-in?return=%2Fprofile&notice=not-saved",
    );
    expect(await wayOf("POST", "/confirm-password")).toBe("/sign-in?return=%2Fprofile");
  });

  it.each([
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/%0d%0aX: y",
    "\t//evil.example",
  ])("never leads to another site after signing in: %s", async (address) => {
    const visitor = await new Visitor(desk.origin).open(`/sign-in?return=${encodeURIComponent(address)}`);
    await visitor.fill("Email", ada.email).fill("Password", PASSWORD).press("Sign in");
    const { fields } = visitor.fill("One-time code", freshCode(desk, ada.secret)).fieldsOf("Verify");
    const answer = await visitor.raw("/sign-in/two-factor", {
      method: "POST",
      body: new URLSearchParams(fields).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toMatch(/^\/(profile|%0d%0aX:%20y)?$/i);
  });
});

describe("a one-time code", () => {
  it("signs in, also with spaces in it, and one step early or late", async () => {
    for (const drift of [-30, 0, 30]) {
      const visitor = await givePassword(ada, new Visitor(desk.origin));
      desk.moveClock(90);
      desk.moveClock(drift);
      const code = codeNow(desk, ada.secret);
      desk.moveClock(-drift);
      await visitor.fill("One-time code", `${code.slice(0, 3)} ${code.slice(3)}`).press("Verify");
      expect(visitor.path).toBe("/profile");
    }
  });

  it("two steps early or late is refused", async () => {
    const visitor = await givePassword(ada, new Visitor(desk.origin));
    for (const drift of [-61, 61]) {
      desk.moveClock(300);
      const at = Math.floor(desk.now().getTime() / 1000);
      // From the middle of a step, so that 61 seconds are two steps whatever the moment.
      desk.moveClock(15 - (at % 30) + drift);
      const code = codeNow(desk, ada.secret);
      desk.moveClock(-drift);
      await visitor.fill("One-time code", code).press("Verify");
      expect(visitor.errors.code).toContain("clock is about 1 minute");
    }
  });

  it("is accepted once, ever", async () => {
    const code = freshCode(desk, ada.secret);
    const first = await givePassword(ada, new Visitor(desk.origin));
    await first.fill("One-time code", code).press("Verify");
    expect(first.path).toBe("/profile");
    const second = await givePassword(ada, new Visitor(desk.origin));
    await second.fill("One-time code", code).press("Verify");
    expect(second.status).toBe(422);
    expect(second.errors.code).toContain("used already");
  });

  it("older than one that was accepted is refused", async () => {
    const older = freshCode(desk, ada.secret);
    await signIn(desk, ada);
    const visitor = await givePassword(ada, new Visitor(desk.origin));
    await visitor.fill("One-time code", older).press("Verify");
    expect(visitor.errors.code).toContain("used already");
  });

  it.each(["", "12345", "1234567", "abcdef", "１２３４５６", "123456\n7"])(
    "written %j is answered with what to write",
    async (code) => {
      const visitor = await givePassword(ada, new Visitor(desk.origin));
      await visitor.fill("One-time code", code).press("Verify");
      expect(visitor.status).toBe(422);
      expect(visitor.errors.code).toContain("Enter the 6 digits");
      expect(visitor.value("One-time code")).toBe("");
    },
  );

  it("sent by twenty half signed in sessions at once lets exactly one in, 30 rounds, on two replicas", async () => {
    const other = await desk.replica();
    const halves = await Promise.all(
      Array.from({ length: 20 }, () => givePassword(ada, new Visitor(desk.origin))),
    );
    for (let round = 0; round < 30; round++) {
      const code = freshCode(desk, ada.secret);
      const tabs = halves.map((half, i) => {
        const tab = half.tab();
        tab.origin = i % 2 ? other.origin : desk.origin;
        return { tab, token: half.hidden("_csrf") };
      });
      const done = await Promise.all(
        tabs.map(({ tab, token }) => tab.post("/sign-in/two-factor", { _csrf: token, code })),
      );
      const winners = done.flatMap((tab, i) => (tab.path === "/profile" ? [i] : []));
      expect(winners).toHaveLength(1);
      const losers = done.filter((tab) => tab.path !== "/profile");
      expect(losers.every((tab) => tab.errors.code?.includes("used already"))).toBe(true);
      const [winner = 0] = winners;
      halves[winner] = await givePassword(ada, new Visitor(desk.origin));
    }
  }, 120_000);
});

describe("a recovery code", () => {
  it("signs in once, in any spelling, and the next page says how many are left", async () => {
    const grace = await addPerson(desk, "grace@example.com");
    const [code = "", other = ""] = grace.recoveryCodes;
    // On to an address that only leads to a page: it is that page that has to say it.
    const visitor = await new Visitor(desk.origin).open("/sign-in?return=/");
    await visitor.fill("Email", grace.email).fill("Password", PASSWORD).press("Sign in");
    await visitor.follow("Use a recovery code");
    await visitor.fill("Recovery code", ` ${code.toLowerCase().replaceAll("-", " ")} `).press("Verify");
    expect(visitor.path).toBe("/profile");
    expect(visitor.text).toContain("You used a recovery code and have 9 recovery codes left");

    const again = await givePassword(grace, new Visitor(desk.origin));
    await again.open("/sign-in/recovery-code");
    await again.fill("Recovery code", code).press("Verify");
    expect(again.status).toBe(422);
    expect(again.errors.recoveryCode).toContain("not right, or has been used already");
    await again.fill("Recovery code", other).press("Verify");
    expect(again.text).toContain("have 8 recovery codes left");
    await again.open("/profile/activity");
    for (const left of ["8 recovery codes left", "9 recovery codes left"]) expect(again.text).toContain(left);
  });

  it.each(["", "7K2M", "7K2M-QX4T-9DHW-3VRB-1", "7K2M-QX4T-9DHW-3VR!"])(
    "written %j is answered with what to write",
    async (code) => {
      const visitor = await givePassword(ada, new Visitor(desk.origin));
      await visitor.open("/sign-in/recovery-code");
      await visitor.fill("Recovery code", code).press("Verify");
      expect(visitor.status).toBe(422);
      expect(visitor.errors.recoveryCode).toContain("Enter a whole recovery code: 16 letters and digits");
    },
  );

  it("leads to the page that somebody was on their way to", async () => {
    const jean = await addPerson(desk, "jean@example.com");
    const visitor = await new Visitor(desk.origin).open("/profile/activity");
    await visitor.fill("Email", jean.email).fill("Password", PASSWORD).press("Sign in");
    await visitor.follow("Use a recovery code");
    await visitor.fill("Recovery code", jean.recoveryCodes[0] ?? "").press("Verify");
    expect(visitor.path).toBe("/profile/activity");
    expect(visitor.text).toContain("have 9 recovery codes left");
  });

  it("of three groups, as they were given out earlier, signs in all the same, once", async () => {
    const rosa = await addPerson(desk, "rosa@example.com");
    const { rows } = await desk.db.query("select id from people where email = $1", [rosa.email]);
    const hashes = ["7K2MQX4T9DHW", "3VRB7K2MQX4T"].map((code) =>
      hashRecoveryCode(desk.desk.pepper, rows[0].id, code),
    );
    await replaceRecoveryCodes(desk.db, rows[0].id, hashes);
    for (const [path, said] of [
      ["/profile", "have 1 recovery code left"],
      ["/sign-in/recovery-code", "has been used already"],
    ] as const) {
      const visitor = await givePassword(rosa, new Visitor(desk.origin));
      await visitor.follow("Use a recovery code");
      await visitor.fill("Recovery code", "7K2M-QX4T-9DHW").press("Verify");
      expect(visitor.path).toBe(path);
      expect(visitor.text).toContain(said);
    }
  });

  it("of another person is refused", async () => {
    const mary = await addPerson(desk, "mary@example.com");
    const visitor = await givePassword(mary, new Visitor(desk.origin));
    await visitor.open("/sign-in/recovery-code");
    await visitor.fill("Recovery code", ada.recoveryCodes[0] ?? "").press("Verify");
    expect(visitor.status).toBe(422);
  });

  it("sent by ten sessions at once lets exactly one in, 10 rounds", async () => {
    const joan = await addPerson(desk, "joan@example.com");
    for (const code of joan.recoveryCodes) {
      const halves = await Promise.all(
        Array.from({ length: 10 }, () => givePassword(joan, new Visitor(desk.origin))),
      );
      const done = await Promise.all(
        halves.map((half) =>
          half.post("/sign-in/recovery-code", { _csrf: half.hidden("_csrf"), recoveryCode: code }),
        ),
      );
      expect(done.filter((visitor) => visitor.path === "/profile")).toHaveLength(1);
    }
  });
});
