import { makeApiKey } from "../../src/base/api-key-format";
import { forgetDrainedThrottles } from "../../src/records/throttles";
import { openTestDesk, type TestDesk } from "../support/desk";
import { tokenOfLink } from "../support/links";
import {
  addPerson,
  codeNow,
  freshCode,
  givePassword,
  type Known,
  PASSWORD,
  setUp,
  setupKey,
  signIn,
} from "../support/people";
import { passThrottles } from "../support/time";
import { until } from "../support/until";
import { Visitor } from "../support/visitor";

const WRONG = "Wrong-Password-1";

let desk: TestDesk;
let ada: Known;
let grace: Known;
let addresses = 0;
beforeAll(async () => {
  desk = await openTestDesk({ trustProxy: true });
  ada = await setUp(desk);
  grace = await addPerson(desk, "grace@example.com");
});
afterAll(() => desk.close());
beforeEach(async () => {
  await desk.db.query("delete from throttles");
  await desk.db.query("update second_factors set wrong_codes = 0");
});

/** Somebody from an address nobody has come from before. */
function stranger(origin = desk.origin): Visitor {
  const visitor = new Visitor(origin);
  addresses += 1;
  visitor.address = `10.0.${Math.floor(addresses / 250)}.${(addresses % 250) + 1}`;
  return visitor;
}

async function tryPassword(visitor: Visitor, email: string, password = WRONG): Promise<Visitor> {
  return visitor.post("/sign-in", { email, password });
}

/** Tries until it is refused unseen; returns how many were looked at. */
async function triesUntilThrottled(attempt: () => Promise<Visitor>, most = 300): Promise<number> {
  for (let tries = 0; tries < most; tries++) {
    if ((await attempt()).status === 429) return tries;
  }
  return most;
}

describe("passwords at sign-in", () => {
  it("are refused unseen after twenty wrong ones for an account, with the time to wait, keeping what was typed", async () => {
    const visitor = stranger();
    expect(await triesUntilThrottled(() => tryPassword(visitor, ada.email))).toBe(20);
    expect(visitor.status).toBe(429);
    const wait = Number(visitor.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(30);
    expect(wait).toBeLessThanOrEqual(60);
    expect(visitor.errors.email).toMatch(
      /^Too many wrong passwords for this email\. Try again in \d+ seconds$/,
    );
    expect(visitor.value("Email")).toBe(ada.email);
    expect((await tryPassword(visitor, ada.email, PASSWORD)).status).toBe(429);
    await passThrottles(desk, wait);
    expect((await tryPassword(visitor, ada.email, PASSWORD)).path).toBe("/sign-in/two-factor");
  });

  it("have one count for every spelling of an email, every address, every replica and every session", async () => {
    const other = await desk.replica();
    const spellings = [" ada@example.com", "ADA@EXAMPLE.COM ", "Ada@Example.Com", "aDA@example.com"];
    let tries = 0;
    const attempt = () => {
      tries += 1;
      return tryPassword(stranger(tries % 2 ? desk.origin : other.origin), spellings[tries % 4] ?? "");
    };
    expect(await triesUntilThrottled(attempt)).toBe(20);
  });

  it("are not counted anew after a right one", async () => {
    for (let i = 0; i < 19; i++) await tryPassword(stranger(), ada.email);
    expect((await tryPassword(stranger(), ada.email, PASSWORD)).path).toBe("/sign-in/two-factor");
    expect((await tryPassword(stranger(), ada.email)).status).toBe(422);
    expect((await tryPassword(stranger(), ada.email)).status).toBe(429);
  });

  it("get the same answers for an account, none, and a deactivated one, before and after the throttle", async () => {
    const gone = await addPerson(desk, `gone${addresses}@example.com`);
    await desk.db.query("update people set deactivated_at = now() where email = $1", [gone.email]);
    const answers = await Promise.all(
      [ada.email, "nobody@example.com", gone.email].map(async (email) => {
        const seen: unknown[] = [];
        const visitor = stranger();
        for (let i = 0; i < 22; i++) {
          await tryPassword(visitor, email);
          const wait = visitor.headers.has("retry-after");
          seen.push([
            visitor.status,
            wait,
            visitor.html.replaceAll(email, "EMAIL").replace(/\d+ seconds/g, "N"),
          ]);
        }
        return seen;
      }),
    );
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it("can be given from an address the person has signed in from, whatever strangers do", async () => {
    const home = stranger();
    await signIn(desk, grace, home);
    await triesUntilThrottled(() => tryPassword(stranger(), grace.email));
    const again = new Visitor(desk.origin);
    again.address = home.address;
    expect((await tryPassword(again, grace.email, PASSWORD)).path).toBe("/sign-in/two-factor");
    expect((await tryPassword(stranger(), grace.email, PASSWORD)).status).toBe(429);
    expect(await triesUntilThrottled(() => tryPassword(again, grace.email))).toBe(20);
  });

  it("leave the person's live sessions alone, also where they confirm their password", async () => {
    const home = await signIn(desk, grace, stranger());
    await triesUntilThrottled(() => tryPassword(stranger(), grace.email));
    await home.open("/confirm-password");
    expect((await home.fill("Password", PASSWORD).press("Confirm")).path).toBe("/profile");
  });

  it("are refused after 200 wrong ones from one address, whatever the account, but not from another", async () => {
    const visitor = stranger();
    let tries = 0;
    const attempt = () => tryPassword(visitor, `nobody${tries++}@example.com`);
    expect(await triesUntilThrottled(attempt)).toBe(200);
    expect((await tryPassword(stranger(), "nobody@example.com")).status).toBe(422);
  });

  it("count the addresses of one IPv6 network as one", async () => {
    let tries = 0;
    const attempt = () => {
      const visitor = stranger();
      visitor.address = `2001:db8:1:2::${(tries + 1).toString(16)}`;
      return tryPassword(visitor, `nobody${tries++}@example.com`);
    };
    expect(await triesUntilThrottled(attempt)).toBe(200);
  });

  it("let about a hundred wrong ones through in a day, however patient the guesser", async () => {
    let looked = 0;
    for (let hour = 0; hour < 24; hour++) {
      looked += await triesUntilThrottled(() => tryPassword(stranger(), ada.email), 60);
      await passThrottles(desk, 3600);
    }
    expect(looked).toBeGreaterThan(100);
    expect(looked).toBeLessThan(200);
  });

  it("are counted anew once the person has a new password through a mailed link", async () => {
    await triesUntilThrottled(() => tryPassword(stranger(), grace.email));
    await stranger().post("/forgot-password", { email: grace.email });
    await desk.desk.mail.stop();
    const link =
      desk.log
        .join("")
        .match(/\/reset-password\?token=([\w-]+)/g)
        ?.pop() ?? "";
    const visitor = await stranger().open(link);
    await visitor.fill("New password", "Another-Harbour-43").press("Save password");
    expect(visitor.path).toContain("/sign-in?notice=password-saved");
    expect((await tryPassword(stranger(), grace.email, "Another-Harbour-43")).path).toBe(
      "/sign-in/two-factor",
    );
    grace = { ...grace, password: "Another-Harbour-43" };
  });

  it("tried at once, 60 at a time on two replicas, are looked at no oftener, 10 rounds", async () => {
    const other = await desk.replica();
    for (let round = 0; round < 10; round++) {
      await desk.db.query("delete from throttles");
      const visitors = await Promise.all(
        Array.from({ length: 60 }, (_, i) =>
          tryPassword(stranger(i % 2 ? desk.origin : other.origin), ada.email),
        ),
      );
      expect(visitors.filter(({ status }) => status === 422)).toHaveLength(20);
      expect(visitors.filter(({ status }) => status === 429)).toHaveLength(40);
    }
  });

  it("sent while fifty others for the account wait their turn are refused at once, and those others are looked at", async () => {
    const blocker = await desk.db.connect();
    await blocker.query("begin; lock table throttles in access exclusive mode");
    const waiting = async () =>
      (
        await desk.db.query(
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
      ).rowCount;
    let refused = 0;
    let hers: Promise<Visitor> | undefined;
    const tries = Array.from({ length: 54 }, async () => {
      const visitor = await tryPassword(stranger(), ada.email, PASSWORD);
      if (visitor.status === 429) refused += 1;
      return visitor;
    });
    try {
      await until("those too many are refused", () => refused === 3, 4_000);
      hers = tryPassword(stranger(), grace.email, grace.password);
      await until("another account's has its turn", async () => (await waiting()) === 2, 4_000);
    } finally {
      await blocker.query("rollback");
      blocker.release();
    }
    expect((await hers)?.path).toBe("/sign-in/two-factor");
    const visitors = await Promise.all(tries);
    expect(visitors.filter(({ path }) => path === "/sign-in/two-factor")).toHaveLength(51);
    const [crowded] = visitors.filter(({ status }) => status === 429);
    expect(crowded?.headers.get("retry-after")).toBe("5");
    expect(crowded?.errors.email).toBe("Too many wrong passwords for this email. Try again in 5 seconds");
  });

  it("that are right pass, forty at once from one address", async () => {
    const visitors = await Promise.all(
      Array.from({ length: 40 }, () => {
        const visitor = new Visitor(desk.origin);
        visitor.address = "10.9.9.9";
        return tryPassword(visitor, ada.email, PASSWORD);
      }),
    );
    expect(visitors.every(({ path }) => path === "/sign-in/two-factor")).toBe(true);
  });
});

async function wrongCodesOf({ email }: Known): Promise<number> {
  const { rows } = await desk.db.query(
    "select wrong_codes from second_factors f join people p on p.id = f.person_id where p.email = $1",
    [email],
  );
  return rows[0].wrong_codes;
}

describe("codes", () => {
  async function tryCode(visitor: Visitor, code = "000000"): Promise<Visitor> {
    return visitor
      .open("/sign-in/two-factor")
      .then(() => visitor.fill("One-time code", code).press("Verify"));
  }

  it("are refused unseen after twenty wrong ones, in a new session too", async () => {
    const visitor = await givePassword(ada, stranger());
    expect(await triesUntilThrottled(() => tryCode(visitor))).toBe(20);
    expect(visitor.errors.code).toMatch(/^Too many wrong codes\. Try again in \d+ seconds$/);
    expect(Number(visitor.headers.get("retry-after"))).toBeLessThanOrEqual(60);
    const again = await givePassword(ada, stranger());
    expect((await tryCode(again, freshCode(desk, ada.secret))).status).toBe(429);
    await passThrottles(desk, 60);
    expect((await tryCode(again, freshCode(desk, ada.secret))).path).toBe("/profile");
  });

  it("and recovery codes are counted together", async () => {
    const visitor = await givePassword(ada, stranger());
    for (let i = 0; i < 15; i++) await tryCode(visitor);
    await visitor.open("/sign-in/recovery-code");
    const attempt = () => visitor.fill("Recovery code", "0000-0000-0000-0000").press("Verify");
    expect(await triesUntilThrottled(attempt)).toBe(5);
    expect(visitor.errors.recoveryCode).toContain("Too many wrong codes");
  });

  it("are never looked at after 50 wrong ones in a row from strangers, and 100 in all, until one is right", async () => {
    const home = stranger();
    await signIn(desk, ada, home);
    const guesser = await givePassword(ada, stranger());
    let looked = 0;
    for (let minute = 0; minute < 12; minute++) {
      await passThrottles(desk, 20 * 60);
      for (let i = 0; i < 20; i++) {
        if ((await tryCode(guesser)).errors.code?.startsWith("That code is not right")) looked += 1;
      }
    }
    expect(looked).toBe(50);
    expect(guesser.errors.code).toContain("Too many wrong codes were entered in a row");
    expect((await tryCode(guesser, freshCode(desk, ada.secret))).status).not.toBe(303);
    expect(guesser.path).toBe("/sign-in/two-factor");

    const athome = new Visitor(desk.origin);
    athome.address = home.address;
    await givePassword(ada, athome);
    for (let minute = 0; minute < 4; minute++) {
      await passThrottles(desk, 20 * 60);
      for (let i = 0; i < 16; i++) {
        if ((await tryCode(athome)).errors.code?.startsWith("That code is not right")) looked += 1;
      }
    }
    expect(looked).toBe(100);
    await passThrottles(desk, 20 * 60);
    expect((await tryCode(athome, freshCode(desk, ada.secret))).path).toBe("/sign-in/two-factor");
  });

  it("that come after too many wrong ones in a row, or by a wrong clock, are wrong tries like any other", async () => {
    desk.moveClock(1200);
    const early = codeNow(desk, ada.secret);
    desk.moveClock(-1200);
    const hinted = await givePassword(ada, stranger());
    expect((await tryCode(hinted, early)).errors.code).toContain("clock is about 20 minutes ahead");
    expect(await triesUntilThrottled(() => tryCode(hinted, early), 25)).toBe(19);

    const closed = "Too many wrong codes were entered in a row";
    await desk.db.query("update second_factors set wrong_codes = 50");
    for (const [path, label, code] of [
      ["/sign-in/two-factor", "One-time code", freshCode(desk, ada.secret)],
      ["/sign-in/recovery-code", "Recovery code", ada.recoveryCodes[1]],
    ] as const) {
      await desk.db.query("delete from throttles");
      const visitor = await givePassword(ada, stranger());
      const attempt = async () => (await visitor.open(path)).fill(label, code ?? "").press("Verify");
      expect(Object.values((await attempt()).errors)).toEqual([expect.stringContaining(closed)]);
      expect(await triesUntilThrottled(attempt, 25)).toBe(19);
    }
  });

  it("that could not be looked at, for a failure of ours, are no guesses", async () => {
    const visitor = await givePassword(ada, stranger());
    const _csrf = visitor.hidden("_csrf");
    await desk.db.query("alter table second_factors rename to away");
    for (let i = 0; i < 21; i++)
      expect((await visitor.tab().post("/sign-in/two-factor", { _csrf, code: "000000" })).status).toBe(500);
    await desk.db.query("alter table away rename to second_factors");
    expect((await tryCode(visitor, freshCode(desk, ada.secret))).path).toBe("/profile");
  });

  it("that are right begin the count anew", async () => {
    const home = await signIn(desk, ada, stranger());
    const guesser = await givePassword(ada, stranger());
    for (let i = 0; i < 20; i++) await tryCode(guesser);
    const back = new Visitor(desk.origin);
    back.address = home.address;
    await signIn(desk, ada, back);
    expect(await wrongCodesOf(ada)).toBe(0);
  });

  it("sent twice are no guess: neither a used code nor one with a typing mistake is counted", async () => {
    const visitor = await givePassword(ada, stranger());
    const used = freshCode(desk, ada.secret);
    await givePassword(ada, stranger()).then((other) => tryCode(other, used));
    for (let i = 0; i < 2; i++) expect((await tryCode(visitor)).errors.code).toContain("not right");
    for (let i = 0; i < 25; i++) expect((await tryCode(visitor, used)).errors.code).toContain("used already");
    for (let i = 0; i < 25; i++) expect((await tryCode(visitor, "12345")).errors.code).toContain("6 digits");
    expect(await wrongCodesOf(ada)).toBe(2);
    const [recoveryCode = ""] = ada.recoveryCodes;
    const recover = async (tab: Visitor) => {
      await tab.open("/sign-in/recovery-code");
      return tab.fill("Recovery code", recoveryCode).press("Verify");
    };
    expect((await recover(await givePassword(ada, stranger()))).path).toBe("/profile");
    for (let i = 0; i < 25; i++)
      expect((await recover(visitor)).errors.recoveryCode).toContain("used already");
    expect(await wrongCodesOf(ada)).toBe(0);
    expect((await tryCode(visitor, freshCode(desk, ada.secret))).path).toBe("/profile");
  });

  it("that are wrong ten times are told to the owner once the next is tried, once, by mail and in the activity", async () => {
    const tellings = async () =>
      (await desk.db.query("select details from trail where action = 'second-factor.guessed-at'")).rows;
    const told = (await tellings()).length;
    const guesser = await givePassword(ada, stranger());
    const before = desk.log.length;
    for (let i = 0; i < 10; i++) await tryCode(guesser);
    expect(await tellings()).toHaveLength(told);
    for (let i = 0; i < 5; i++) await tryCode(guesser);
    expect((await tellings()).slice(told)).toEqual([{ details: { wrongCodes: 10 } }]);
    const mails = await desk.db.query(
      "select recipient from mail where created_at > now() - interval '1 minute'",
    );
    expect(mails.rows.filter(({ recipient }) => recipient === ada.email).length).toBeGreaterThanOrEqual(1);
    expect(desk.log.slice(before).join("")).not.toContain("000000");
    await ada.visitor.open("/profile/activity");
    expect(ada.visitor.text).toContain("Somebody who knew your password entered wrong codes");
  });
});

describe("what is asked for, and links", () => {
  it("takes five asks for a new password at once, whether or not there is an account", async () => {
    for (const email of [ada.email, "nobody@example.com"]) {
      const attempt = () => stranger().post("/forgot-password", { email });
      expect(await triesUntilThrottled(attempt)).toBe(5);
      const refused = await attempt();
      expect(refused.errors.email).toMatch(
        /^Too many links were asked for with this email\. Try again in \d+ minutes$/,
      );
      expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(600);
    }
  });

  it.each(["/invitation", "/reset-password", "/profile/email/confirm"])(
    "refuses links to %s that do not exist after 200 from one address",
    async (path) => {
      const visitor = stranger();
      expect(await triesUntilThrottled(() => visitor.open(`${path}?token=guess`))).toBe(200);
      expect(visitor.text).toMatch(/Too many links that do not exist.*Try again in \d+ seconds/);
      expect(Number(visitor.headers.get("retry-after"))).toBeLessThanOrEqual(10);
    },
  );

  it("counts no link of ours that has ended: why it does not work is told all the same", async () => {
    const visitor = await stranger().open("/reset-password?token=guess");
    await desk.db.query("update throttles set level = most where most = 200");
    expect((await visitor.open("/reset-password?token=guess")).status).toBe(429);
    await stranger().post("/forgot-password", { email: ada.email });
    const token = await tokenOfLink(desk, "password-reset", ada.email);
    await stranger().post("/forgot-password", { email: ada.email });
    expect((await visitor.open(`/reset-password?token=${token}`)).status).toBe(410);
    expect(visitor.text).toContain("A newer link was sent since");
  });
});

describe("within a session", () => {
  it.each([
    ["/confirm-password", "Password", "Confirm"],
    ["/profile/password", "Current password", "Change password"],
  ])("passwords at %s are refused unseen after twenty wrong ones", async (path, label, button) => {
    const visitor = await signIn(desk, grace, stranger());
    const attempt = async () => {
      await visitor.open(path);
      if (label === "Current password") visitor.fill("New password", "Third-Harbour-44");
      return visitor.fill(label, WRONG).press(button);
    };
    expect(await triesUntilThrottled(attempt)).toBe(20);
    expect(visitor.text).toMatch(/Too many wrong passwords\. Try again in \d+ seconds/);
    expect((await visitor.open("/profile")).heading).toBe("Your profile");
  });

  it("codes for a new authenticator are refused unseen after twenty wrong ones", async () => {
    const visitor = await signIn(desk, grace, stranger());
    await visitor.open("/profile/two-factor/reset");
    const attempt = () => visitor.fill("One-time code", "000000").press("Verify");
    expect(await triesUntilThrottled(attempt, 25)).toBe(20);
    expect(visitor.errors.code).toMatch(/^Too many wrong codes\. Try again in \d+ seconds$/);
  });

  it("codes for a new authenticator with a typing mistake are no guesses, and one by a wrong clock is", async () => {
    const visitor = await signIn(desk, grace, stranger());
    await visitor.open("/profile/two-factor/reset");
    const attempt = (code: string) => visitor.fill("One-time code", code).press("Verify");
    for (let i = 0; i < 21; i++)
      expect((await attempt("12345")).errors.code).toBe("Enter the 6 digits your authenticator app shows");
    desk.moveClock(1200);
    const early = codeNow(desk, setupKey(visitor));
    desk.moveClock(-1200);
    expect((await attempt(early)).errors.code).toContain("clock is about 20 minutes ahead");
    expect(await triesUntilThrottled(() => attempt(early), 25)).toBe(19);
  });

  it("passwords that are right are no guesses, however often they are confirmed", async () => {
    const visitor = await signIn(desk, grace, stranger());
    for (let i = 0; i < 22; i++) {
      await visitor.open("/confirm-password?return=/profile/activity");
      await visitor.fill("Password", grace.password).press("Confirm");
      expect(visitor.path).toBe("/profile/activity");
    }
  });

  it("passwords that are right are no guesses, however often they are changed", async () => {
    const visitor = await signIn(desk, grace, stranger());
    const others = Array.from({ length: 21 }, (_, i) => `Harbour-Lantern-${i}`);
    const passwords = [grace.password, ...others, grace.password];
    for (const [i, next] of passwords.slice(1).entries()) {
      await visitor.open("/profile/password");
      await visitor
        .fill("Current password", passwords[i] ?? "")
        .fill("New password", next)
        .press("Change password");
      expect(visitor.text).toContain("Your password is changed");
    }
  });
});

describe("keys", () => {
  async function verify(
    key: string,
    { address = "10.8.0.1", email }: { address?: string; email?: string } = {},
  ) {
    const authorization = email
      ? `Basic ${Buffer.from(`${email}:${key}`).toString("base64")}`
      : `Bearer ${key}`;
    const response = await fetch(`${desk.origin}/v1/authentication/verify`, {
      headers: { authorization, "x-forwarded-for": address },
    });
    return {
      status: response.status,
      wait: response.headers.get("retry-after"),
      body: await response.text(),
    };
  }

  async function keyOf(known: Known): Promise<string> {
    const made = makeApiKey();
    await desk.db.query(
      "insert into api_keys (id, hash, person_id) select $1, $2, id from people where email = $3",
      [made.id, made.hash, known.email],
    );
    return made.key;
  }

  it("that are wrong get 429, without a body, after a hundred from one address; a good one passes all the same", async () => {
    const good = await keyOf(ada);
    let tries = 0;
    while ((await verify(makeApiKey().key)).status === 401) tries += 1;
    expect(tries).toBeGreaterThanOrEqual(100);
    expect(tries).toBeLessThan(120);
    const refused = await verify(makeApiKey().key);
    expect(refused).toEqual({ status: 429, wait: expect.stringMatching(/^[1-9]\d*$/), body: "" });
    expect((await verify("guess")).status).toBe(429);
    expect((await verify(good)).status).toBe(200);
    expect((await verify(good, { email: ada.email })).status).toBe(200);
    expect((await verify(makeApiKey().key, { address: "10.8.0.2" })).status).toBe(401);
    const me = await fetch(`${desk.origin}/v1/me`, {
      headers: { authorization: "Bearer guess", "x-forwarded-for": "10.8.0.1" },
    });
    expect([me.status, me.headers.has("retry-after")]).toEqual([429, true]);
    expect(await me.json()).toEqual({
      errors: [{ status: "429", title: "Too Many Requests", detail: expect.any(String) }],
    });
  });

  it("that are wrong for one account are counted whatever the address, and the spelling of the name", async () => {
    const spellings = [" ada@example.com", "ADA@EXAMPLE.COM ", "Ada@Example.Com", "aDA@example.com"];
    let tries = 0;
    const attempt = () =>
      verify(makeApiKey().key, { address: `10.7.0.${(tries % 250) + 1}`, email: spellings[tries % 4] ?? "" });
    while ((await attempt()).status === 401) tries += 1;
    expect(tries).toBeGreaterThanOrEqual(100);
    expect(tries).toBeLessThan(120);
  });

  it("that have ended are no guess: whoever still calls with one is told 401, however often", async () => {
    const dead = await keyOf(grace);
    await desk.db.query(
      "update api_keys set ended_at = now() where person_id = (select id from people where email = $1)",
      [grace.email],
    );
    const statuses = new Set<number>();
    for (let i = 0; i < 150; i++) statuses.add((await verify(dead, { address: "10.6.0.1" })).status);
    expect([...statuses]).toEqual([401]);
  });
});

describe("the count", () => {
  it("survives a restart and is forgotten once it has drained off", async () => {
    await triesUntilThrottled(() => tryPassword(stranger(), ada.email));
    const restarted = await desk.replica();
    expect((await tryPassword(stranger(restarted.origin), ada.email)).status).toBe(429);
    await forgetDrainedThrottles(desk.db);
    expect((await desk.db.query("select from throttles")).rowCount).toBeGreaterThan(0);
    await passThrottles(desk, 26 * 60 * 60);
    await forgetDrainedThrottles(desk.db);
    expect((await desk.db.query("select from throttles")).rowCount).toBe(0);
  });

  it("does not fill up when the clock is set back", async () => {
    await triesUntilThrottled(() => tryPassword(stranger(), ada.email), 10);
    await passThrottles(desk, -3600);
    expect((await tryPassword(stranger(), ada.email)).status).toBe(422);
  });

  it("that filled up while the clock was a day ahead lasts no longer than the answer says", async () => {
    await triesUntilThrottled(() => tryPassword(stranger(), ada.email));
    await passThrottles(desk, -24 * 3600);
    const refused = await tryPassword(stranger(), ada.email);
    expect(refused.status).toBe(429);
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBeLessThanOrEqual(60);
    await passThrottles(desk, wait);
    expect((await tryPassword(stranger(), ada.email)).status).toBe(422);

    const visitor = await stranger().open("/invitation?token=guess");
    await desk.db.query("update throttles set level = most where most = 200");
    await passThrottles(desk, -24 * 3600);
    expect((await visitor.open("/invitation?token=guess")).status).toBe(429);
    await passThrottles(desk, Number(visitor.headers.get("retry-after")));
    expect((await visitor.open("/invitation?token=guess")).status).toBe(404);
  });

  it("drains off meanwhile, however often somebody is refused", async () => {
    await triesUntilThrottled(() => tryPassword(stranger(), ada.email));
    for (const [later, most] of [
      [20, 40],
      [20, 20],
    ] as const) {
      await passThrottles(desk, later);
      const refused = await tryPassword(stranger(), ada.email);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(most);
    }
    await passThrottles(desk, 20);
    expect((await tryPassword(stranger(), ada.email)).status).toBe(422);
  });

  it("goes up under none where one is full: who is refused for an account is not counted for the address", async () => {
    const visitor = stranger();
    await triesUntilThrottled(() => tryPassword(visitor, ada.email));
    const levels = async () =>
      (await desk.db.query("select round(level) as level from throttles order by key")).rows;
    const before = await levels();
    expect(before.length).toBeGreaterThan(2);
    for (let i = 0; i < 5; i++) expect((await tryPassword(visitor, ada.email)).status).toBe(429);
    expect(await levels()).toEqual(before);
  });

  it("tells nobody whose it is", async () => {
    await tryPassword(stranger(), ada.email);
    const { rows } = await desk.db.query("select * from throttles");
    expect(JSON.stringify(rows)).not.toMatch(/ada|10\.0\./i);
    expect(rows.every(({ key }) => /^[0-9a-f]{64}$/.test(key))).toBe(true);
  });

  it("is logged with what was guessed at, from where and of which account, by a name that tells nobody whose it is", async () => {
    const visitor = stranger();
    const from = desk.log.length;
    await tryPassword(visitor, ada.email);
    await tryPassword(visitor, ada.email, PASSWORD);
    await desk.db.query("update throttles set level = most");
    await tryPassword(visitor, ada.email);
    const told = {
      id: expect.stringMatching(/./),
      guessed: "password",
      account: expect.stringMatching(/^[0-9a-f]{12}$/),
      address: visitor.address,
    };
    const lines = desk.log.slice(from).map((line) => JSON.parse(line));
    expect(lines.filter(({ msg }) => /guess|tries/i.test(msg))).toEqual([
      expect.objectContaining({ ...told, msg: "A guess was wrong" }),
      expect.objectContaining({
        ...told,
        msg: expect.stringContaining("Too many tries"),
        waitSeconds: expect.any(Number),
      }),
    ]);
  });

  it("of a letter that was asked for is logged in words of its own, as no guess", async () => {
    const from = desk.log.length;
    await stranger().post("/forgot-password", { email: ada.email });
    const messages = desk.log.slice(from).map((line) => JSON.parse(line).msg);
    expect(messages).toContain("A letter with a link was asked for");
    expect(messages).not.toContain("A guess was wrong");
  });

  it("is logged without what was typed", () => {
    expect(desk.log.join("")).toContain("A guess was wrong");
    expect(desk.log.join("")).toContain("Too many tries");
    expect(desk.log.join("")).not.toContain(WRONG);
  });
});
