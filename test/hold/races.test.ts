import { setTimeout as sleep } from "node:timers/promises";
import { makeApiKey } from "../../src/base/api-key-format";
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
import { liftThrottles } from "../support/time";
import { Visitor } from "../support/visitor";

jest.setTimeout(600_000);

/** RACES=50 for a long look. */
const ROUNDS = Number(process.env.RACES ?? 30);
const rounds = `${ROUNDS} rounds`;

/** What came of a form: the status, where it leads, and the page. */
type Outcome = { status: number; location: string; body: string };

let desk: TestDesk;
/** The two replicas. */
let here: string;
let there: string;
let ada: Known;
let eve: Known;
let grace: Known;
const id: Record<string, string> = {};

beforeAll(async () => {
  desk = await openTestDesk();
  here = desk.origin;
  there = (await desk.replica()).origin;
  await liftThrottles(desk);
  ada = await setUp(desk);
  eve = await addPerson(desk, "eve@example.com", ["administrator"]);
  grace = await addPerson(desk, "grace@example.com");
  for (const row of (await desk.db.query("select email, id from people")).rows) id[row.email] = row.id;
  // The clock goes on by hours below.
  await desk.db.query(`update sessions set sess = jsonb_set(sess::jsonb, '{passwordGivenAt}', '9e12')`);
  for (const { visitor } of [ada, eve, grace]) await visitor.open("/profile");
});
afterAll(() => desk.close());

/** Sends a form to a replica with this visitor's cookies and token; follows nothing and keeps nothing. */
async function send(
  origin: string,
  visitor: Visitor,
  path: string,
  fields: Record<string, string> = {},
  token = visitor.hidden("_csrf"),
): Promise<Outcome> {
  const tab = visitor.tab();
  tab.origin = origin;
  const { status, headers, body } = await tab.raw(path, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ _csrf: token, ...fields }).toString(),
  });
  for (const line of headers.getSetCookie()) cookies.push(line.split(";")[0] ?? "");
  return { status, location: headers.get("location") ?? "", body };
}
/** Every cookie an answer of `send` has set. */
const cookies: string[] = [];

/** Tells the outcomes of a race apart by their status, lowest first. */
const statuses = (...outcomes: Outcome[]) => outcomes.map(({ status }) => status).sort();

/** Runs many rounds, in turns which replica is asked first, and says in which round something was wrong. */
async function race(round: (one: string, other: string, number: number) => Promise<void>): Promise<void> {
  for (let number = 0; number < ROUNDS; number++) {
    const [one, other] = number % 2 ? [there, here] : [here, there];
    await round(one, other, number).catch((error: Error) => {
      error.message = `Round ${number}: ${error.message}`;
      throw error;
    });
  }
}

const halfSignedIn = (known: Known) => givePassword(known, new Visitor(here));
const count = async (what: string, ...values: unknown[]) =>
  Number((await desk.db.query(`select count(*) from ${what}`, values)).rows[0].count);
const ask = async (origin: string, key: string) =>
  (await fetch(`${origin}/v1/authentication/verify`, { headers: { authorization: `Bearer ${key}` } })).status;
const shownKey = ({ body }: Outcome) => /lk[0-9A-Za-z]{46}/.exec(body)?.[0] ?? "";
const liveKey = async (owner: string) =>
  (
    await desk.db.query(
      "select id from api_keys where (person_id = $1 or service_account_id = $1) and ended_at is null",
      [owner],
    )
  ).rows[0]?.id ?? "none";

describe("a one-time code given to both replicas at once", () => {
  it(`signs in once, ${rounds}`, async () => {
    const halves = [await halfSignedIn(grace), await halfSignedIn(grace)];
    await race(async (one, other) => {
      const code = freshCode(desk, grace.secret);
      const [a, b] = halves as [Visitor, Visitor];
      const outcomes = await Promise.all([
        send(one, a, "/sign-in/two-factor", { code }),
        send(other, b, "/sign-in/two-factor", { code }),
      ]);
      expect(statuses(...outcomes)).toEqual([303, 422]);
      halves[outcomes[0]?.status === 303 ? 0 : 1] = await halfSignedIn(grace);
    });
  });

  it(`resets once, and leaves one authenticator and one session, ${rounds}`, async () => {
    const someone = await addPerson(desk, "reset@example.com");
    await race(async (one, other) => {
      const page = await (await signIn(desk, someone)).open("/profile/two-factor/reset");
      const secret = setupKey(page);
      const fields = { code: freshCode(desk, secret), secondFactor: page.hidden("secondFactor") };
      const outcomes = await Promise.all([
        send(one, page, "/profile/two-factor/reset", fields),
        send(other, page, "/profile/two-factor/reset", fields),
      ]);
      expect(outcomes.filter(({ body }) => body.includes("recovery-codes"))).toHaveLength(1);
      expect(
        await count("second_factors f join people p on p.id = person_id where email = $1", someone.email),
      ).toBe(1);
      expect(
        await count("sessions s join people p on p.id = person_id where email = $1", someone.email),
      ).toBe(1);
      someone.secret = secret;
    });
  });

  it(`of an authenticator that is just being confirmed does not sign in as well, nor does one of the old, ${rounds}`, async () => {
    const someone = await addPerson(desk, "both@example.com");
    await race(async (one, other, number) => {
      const page = await (await signIn(desk, someone)).open("/profile/two-factor/reset");
      const half = await halfSignedIn(someone);
      const secret = setupKey(page);
      const code = freshCode(desk, secret);
      const old = codeNow(desk, someone.secret);
      const [reset] = await Promise.all([
        send(one, page, "/profile/two-factor/reset", { code, secondFactor: page.hidden("secondFactor") }),
        send(other, half, "/sign-in/two-factor", { code: number % 3 ? code : old }),
      ]);
      expect(reset.status).toBe(200);
      expect(
        await count("sessions s join people p on p.id = person_id where email = $1", someone.email),
      ).toBe(1);
      someone.secret = secret;
    });
  });
});

it(`a recovery code given to both replicas at once signs in once, ${rounds}`, async () => {
  const halves = [await halfSignedIn(grace), await halfSignedIn(grace)];
  await race(async (one, other, number) => {
    await desk.db.query("update recovery_codes set used_at = null");
    const recoveryCode = grace.recoveryCodes[number % 10] ?? "";
    const [a, b] = halves as [Visitor, Visitor];
    const outcomes = await Promise.all([
      send(one, a, "/sign-in/recovery-code", { recoveryCode }),
      send(other, b, "/sign-in/recovery-code", { recoveryCode }),
    ]);
    expect(statuses(...outcomes)).toEqual([303, 422]);
    halves[outcomes[0]?.status === 303 ? 0 : 1] = await halfSignedIn(grace);
  });
});

describe("a link", () => {
  const stranger = () => new Visitor(here);
  const passwordLink = (origin = here) =>
    send(origin, ada.visitor, `/admin/people/${id["rita@example.com"]}/password-link`, {
      reason: "Mailbox gone",
    });
  const resetToken = async () => {
    expect((await passwordLink()).status).toBe(200);
    return tokenOfLink(desk, "password-reset", "rita@example.com");
  };
  const invite = async (email: string) => {
    expect((await send(here, ada.visitor, "/admin/people/invite", { email, role: "member" })).status).toBe(
      200,
    );
    return tokenOfLink(desk, "invitation", email);
  };
  const join = (origin: string, token: string) =>
    send(origin, stranger(), `/invitation?token=${token}`, {
      firstName: "Guest",
      lastName: "Guest",
      password: "Copper-Lantern-Orbit-7",
    });
  const open = (email: string) =>
    count("links where email = $1 and used_at is null and ended_at is null", email);
  const emailToken = async (who: Known, newEmail: string) => {
    expect((await send(here, who.visitor, "/profile/email", { newEmail })).status).toBe(200);
    return tokenOfLink(desk, "email-change", newEmail);
  };
  const confirm = (origin: string, token: string) =>
    send(origin, stranger(), "/profile/email/confirm", { token });

  beforeAll(async () => {
    const rita = await addPerson(desk, "rita@example.com");
    id[rita.email] = (await desk.db.query("select id from people where email = $1", [rita.email])).rows[0].id;
  });

  it(`for a new password, used twice at once, sets one of the two, ${rounds}`, async () => {
    await race(async (one, other) => {
      const token = await resetToken();
      const passwords = ["Copper-Lantern-Orbit-7", "Another-Harbour-43"];
      const outcomes = await Promise.all(
        [one, other].map((origin, i) =>
          send(origin, stranger(), "/reset-password", { token, newPassword: passwords[i] ?? "" }),
        ),
      );
      expect(statuses(...outcomes)).toEqual([303, 410]);
      const won = passwords[outcomes.findIndex(({ status }) => status === 303)] ?? "";
      const signedIn = await send(here, stranger(), "/sign-in", { email: "rita@example.com", password: won });
      expect(signedIn.status).toBe(303);
    });
  });

  it(`for a new password, used while another replaces it, is used or gone, never both, ${rounds}`, async () => {
    await race(async (one, other, number) => {
      const token = await resetToken();
      const newPassword = `Marble-Window-Orbit-${number}`;
      const [used, given] = await Promise.all([
        send(one, stranger(), "/reset-password", { token, newPassword }),
        passwordLink(other),
      ]);
      expect(given.status).toBe(200);
      expect([303, 410]).toContain(used.status);
      expect(await open("rita@example.com")).toBeLessThanOrEqual(1);
      const signedIn = await send(here, stranger(), "/sign-in", {
        email: "rita@example.com",
        password: newPassword,
      });
      expect(signedIn.status === 303).toBe(used.status === 303);
    });
  });

  it(`of an invitation, used twice at once, makes one person, ${rounds}`, async () => {
    await race(async (one, other, number) => {
      const email = `twice${number}@example.com`;
      const token = await invite(email);
      const outcomes = await Promise.all([join(one, token), join(other, token)]);
      expect(statuses(...outcomes)).toEqual([303, 410]);
      expect(await count("people where email = $1", email)).toBe(1);
    });
  });

  it(`of an invitation, used while it is withdrawn or replaced, is one or the other, ${rounds}`, async () => {
    await race(async (one, other, number) => {
      const email = `either${number}@example.com`;
      const token = await invite(email);
      const { rows } = await desk.db.query("select id from links where email = $1", [email]);
      const [joined] = await Promise.all([
        join(one, token),
        number % 2
          ? send(other, ada.visitor, "/admin/people/invite/withdraw", { id: rows[0].id })
          : send(other, eve.visitor, "/admin/people/invite", { email, role: "administrator" }),
      ]);
      const people = (await desk.db.query("select roles from people where email = $1", [email])).rows;
      expect(people).toEqual(joined.status === 303 ? [{ roles: ["member"] }] : []);
      expect([303, 410]).toContain(joined.status);
    });
  });

  it(`to a new email, used twice at once, changes it once, ${rounds}`, async () => {
    await race(async (one, other, number) => {
      const token = await emailToken(grace, `once${number}@example.com`);
      const outcomes = await Promise.all([confirm(one, token), confirm(other, token)]);
      expect(statuses(...outcomes)).toEqual([200, 410]);
    });
  });

  it(`to a new email, used while another replaces it, is used or gone, ${rounds}`, async () => {
    await race(async (one, other, number) => {
      const token = await emailToken(grace, `left${number}@example.com`);
      const [used, asked] = await Promise.all([
        confirm(one, token),
        send(other, grace.visitor, "/profile/email", { newEmail: `right${number}@example.com` }),
      ]);
      expect(asked.status).toBe(200);
      expect([200, 410]).toContain(used.status);
      const [person] = (
        await desk.db.query("select email from people where id = $1", [id["grace@example.com"]])
      ).rows;
      expect(person.email === `left${number}@example.com`).toBe(used.status === 200);
    });
  });

  it(`to one email, from two accounts at once or an account and an invitation, gives it to one, ${rounds}`, async () => {
    await race(async (one, other, number) => {
      const email = `wanted${number}@example.com`;
      const rival = number % 2 ? await emailToken(eve, email) : await invite(email);
      // Two links to one address: the first keeps its token while the second is asked for.
      await desk.db.query("update links set email = upper(email) where email = $1", [email]);
      const token = await emailToken(grace, email);
      const outcomes = await Promise.all([
        confirm(one, token),
        number % 2 ? confirm(other, rival) : join(other, rival),
      ]);
      expect(outcomes.filter(({ status }) => status === 200 || status === 303)).toHaveLength(1);
      expect(Math.max(...statuses(...outcomes))).toBeLessThan(500);
      expect(await count("people where lower(email) = $1", email)).toBe(1);
      await desk.db.query("update people set email = 'eve@example.com' where id = $1", [
        id["eve@example.com"],
      ]);
      await desk.db.query("delete from people where first_name = 'Guest'");
    });
    await desk.db.query("update people set email = 'grace@example.com' where id = $1", [
      id["grace@example.com"],
    ]);
  });
});

describe("an API key", () => {
  const owner = () => id["grace@example.com"] ?? "";
  const change = (origin: string, what: string, replaces: string) =>
    send(origin, grace.visitor, `/profile/api-key/${what}`, { replaces });

  it(`generated twice at once is one key, the one shown, ${rounds}`, async () => {
    await race(async (one, other) => {
      await desk.db.query("update api_keys set ended_at = now() where ended_at is null");
      const outcomes = await Promise.all([
        change(one, "generate", "none"),
        change(other, "generate", "none"),
      ]);
      expect(statuses(...outcomes)).toEqual([200, 409]);
      const key = outcomes.map(shownKey).join("");
      expect(await Promise.all([ask(here, key), ask(there, key)])).toEqual([200, 200]);
    });
  });

  it(`regenerated while it is revoked is one or the other, and is dead on every replica, ${rounds}`, async () => {
    await race(async (one, other, number) => {
      const present = await liveKey(owner());
      const old = present === "none" ? "" : present;
      const keys = old ? [] : [shownKey(await change(here, "generate", "none"))];
      const replaces = await liveKey(owner());
      const again = number % 2 ? "regenerate" : "revoke";
      const [first, second] = await Promise.all([
        change(one, "regenerate", replaces),
        change(other, again, replaces),
      ]);
      const won = [first, second].filter(({ status }) => status !== 409);
      expect(won).toHaveLength(1);
      for (const key of keys)
        expect(await Promise.all([ask(here, key), ask(there, key)])).toEqual([401, 401]);
      const shown = won.map(shownKey).join("");
      expect(await liveKey(owner())).toBe(shown ? shown.slice(2, 10) : "none");
    });
  });

  it(`is accepted by no replica once the page has answered that it is revoked, ${rounds}`, async () => {
    const answers = { before: 0 };
    await race(async (one, other) => {
      await desk.db.query("update api_keys set ended_at = now() where ended_at is null");
      const key = shownKey(await change(here, "generate", "none"));
      const late: number[] = [];
      let revoked = false;
      let stopped = false;
      const asking = [one, other, one, other].map(async (origin) => {
        while (!stopped) {
          const after = revoked;
          const status = await ask(origin, key);
          if (after) late.push(status);
          else if (status === 200) answers.before += 1;
        }
      });
      expect((await change(one, "revoke", key.slice(2, 10))).status).toBe(303);
      revoked = true;
      late.push(...(await Promise.all([ask(here, key), ask(there, key)])));
      stopped = true;
      await Promise.all(asking);
      expect(late.filter((status) => status !== 401)).toEqual([]);
    });
    expect(answers.before).toBeGreaterThan(0);
  });
});

it(`of two administrators of whom one demotes and one deactivates the other at once, one stays, ${rounds}`, async () => {
  const sides = [ada, eve];
  const saved = (await desk.db.query("select * from sessions where person_id = any($1)", [Object.values(id)]))
    .rows;
  await race(async (one, other, number) => {
    const outcomes = await Promise.all(
      [one, other].map((origin, side) => {
        const [by, about] = side === 0 ? [ada, "eve@example.com"] : [eve, "ada@example.com"];
        const what = (number + side) % 2 ? "roles" : "deactivate";
        return send(origin, by.visitor, `/admin/people/${id[about]}/${what}`, {
          role: "member",
          was: "administrator",
        });
      }),
    );
    expect(await count("people where 'administrator' = any(roles) and deactivated_at is null")).toBe(1);
    expect(Math.max(...statuses(...outcomes))).toBeLessThan(500);
    await desk.db.query(
      "update people set roles = '{administrator}', deactivated_at = null where email = any($1)",
      [sides.map(({ email }) => email)],
    );
    for (const row of saved)
      await desk.db.query(
        "insert into sessions select * from json_populate_record(null::sessions, $1) on conflict do nothing",
        [JSON.stringify({ ...row, sess: row.sess })],
      );
  });
});

it(`a session signed out on one replica stays ended, whatever the other writes into it, ${rounds}`, async () => {
  const someone = await addPerson(desk, "out@example.com");
  await race(async (one, other, number) => {
    const visitor = await (await signIn(desk, someone)).open("/profile");
    cookies.length = 0;
    const profile = { firstName: `G${number}`, lastName: "Hopper", phoneNumber: "", sessionTimeout: "1800" };
    const outcomes = await Promise.all([
      send(other, visitor, "/confirm-password", { password: PASSWORD }),
      // At another moment of the others each time.
      sleep(number % 15).then(() => send(one, visitor, "/sign-out")),
      send(other, visitor, "/profile", { ...profile, version: visitor.hidden("version") }),
      send(one, visitor, "/profile/sessions/end-others"),
    ]);
    expect(Math.max(...statuses(...outcomes))).toBeLessThan(500);
    expect(await count("sessions s join people p on p.id = person_id where email = $1", someone.email)).toBe(
      0,
    );
    for (const cookie of new Set([visitor.cookieHeader(), ...cookies])) {
      const answer = await fetch(`${other}/profile`, { headers: { cookie }, redirect: "manual" });
      await answer.text();
      expect(answer.status).toBe(303);
    }
  });
});

describe("a form saved by two at once from one version is saved once, the other refused", () => {
  const version = async (table: string, where: string) =>
    (await desk.db.query(`select version from ${table} where ${where}`)).rows[0].version as number;

  it(`the settings, ${rounds}`, async () => {
    await race(async (one, other, number) => {
      const before = await version("installation", "true");
      const lifetimes = number % 2 ? ["86400", "604800"] : ["2592000", "7776000"];
      const form = {
        longestSessionTimeout: "7776000",
        longestSessionTimeoutAdministrators: "7776000",
        twoFactorPolicy: "everyone",
        version: String(before),
      };
      const outcomes = await Promise.all([
        send(one, ada.visitor, "/admin/settings", { ...form, absoluteLifetime: lifetimes[0] ?? "" }),
        send(other, eve.visitor, "/admin/settings", { ...form, absoluteLifetime: lifetimes[1] ?? "" }),
      ]);
      expect(statuses(...outcomes)).toEqual([303, 409]);
      const { rows } = await desk.db.query(
        "select version, absolute_lifetime::text as lifetime from installation",
      );
      expect(rows).toEqual([
        { version: before + 1, lifetime: lifetimes[outcomes[0]?.status === 303 ? 0 : 1] },
      ]);
    });
  });

  it(`a profile, by its owner and an administrator, ${rounds}`, async () => {
    await race(async (one, other, number) => {
      const mine = `id = '${id["grace@example.com"]}'`;
      const before = await version("people", mine);
      const form = { lastName: "Hopper", phoneNumber: "", sessionTimeout: "1800", version: String(before) };
      const outcomes = await Promise.all([
        send(one, grace.visitor, "/profile", { ...form, firstName: `Own${number}` }),
        send(other, ada.visitor, `/admin/people/${id["grace@example.com"]}`, {
          ...form,
          firstName: `Theirs${number}`,
        }),
      ]);
      expect(statuses(...outcomes)).toEqual([303, 409]);
      const { rows } = await desk.db.query(`select version, first_name from people where ${mine}`);
      const name = outcomes[0]?.status === 303 ? `Own${number}` : `Theirs${number}`;
      expect(rows).toEqual([{ version: before + 1, first_name: name }]);
    });
  });

  it(`a service account, and two of one name are one, ${rounds}`, async () => {
    await race(async (one, other, number) => {
      const form = {
        name: `robot${number}`,
        purpose: "nightly",
        responsible: "ada@example.com",
        version: "1",
      };
      const made = await Promise.all([
        send(one, ada.visitor, "/admin/service-accounts", form),
        send(other, eve.visitor, "/admin/service-accounts", { ...form, name: `ROBOT${number}` }),
      ]);
      expect(statuses(...made)).toEqual([303, 422]);
      const page = made.find(({ status }) => status === 303)?.location ?? "";
      const saved = await Promise.all([
        send(one, ada.visitor, page, { ...form, purpose: "one" }),
        send(other, eve.visitor, page, { ...form, purpose: "two" }),
      ]);
      expect(statuses(...saved)).toEqual([303, 409]);
    });
  });
});

it(`a service account deactivated while its key is made leaves no key that is accepted, ${rounds}`, async () => {
  await desk.db.query(
    "insert into service_accounts (name, purpose, responsible_id) values ('backup', 'nightly', $1)",
    [id["ada@example.com"]],
  );
  const { rows } = await desk.db.query("select id from service_accounts where name = 'backup'");
  const page = `/admin/service-accounts/${rows[0].id}`;
  const old = makeApiKey();
  await race(async (one, other) => {
    await desk.db.query("update service_accounts set deactivated_at = null");
    await desk.db.query("delete from api_keys where service_account_id = $1", [rows[0].id]);
    await desk.db.query("insert into api_keys (id, hash, service_account_id) values ($1, $2, $3)", [
      old.id,
      old.hash,
      rows[0].id,
    ]);
    const [made, ended] = await Promise.all([
      send(one, ada.visitor, `${page}/api-key/regenerate`, { replaces: old.id }),
      send(other, eve.visitor, `${page}/deactivate`),
    ]);
    expect(ended.status).toBe(303);
    expect([200, 409]).toContain(made.status);
    for (const key of [old.key, shownKey(made)].filter(Boolean))
      expect(await Promise.all([ask(here, key), ask(there, key)])).toEqual([401, 401]);
  });
});

it(`the set-up form sent twice at once makes one administrator, ${rounds}`, async () => {
  const empty = await openTestDesk();
  try {
    // Each asks the database whether it is set up until the answer is yes; nothing below makes it ask then.
    const replicas = [await empty.replica(), await empty.replica()];
    const { pathname, search } = new URL(empty.desk.setUpAddress);
    for (let number = 0; number < ROUNDS; number++) {
      await empty.db.query("delete from people");
      await empty.db.query("update installation set set_up_at = null");
      const outcomes = await Promise.all(
        replicas.map(({ origin }, i) =>
          send(origin, new Visitor(origin), pathname + search, {
            firstName: "Ada",
            lastName: "Lovelace",
            email: `ada${i}@example.com`,
            password: PASSWORD,
            twoFactorPolicy: "everyone",
          }),
        ),
      );
      expect([number, ...statuses(...outcomes)]).toEqual([number, 303, 404]);
      expect((await empty.db.query("select from people")).rowCount).toBe(1);
    }
  } finally {
    await empty.close();
  }
});
