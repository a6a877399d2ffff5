import Tokens from "csrf";
import { generateSync } from "otplib";
import { Pool } from "pg";
import { PASSWORD, type Somebody, settle } from "../hold/crowd";
import { liftThrottles } from "../support/time";
import { describeWith } from "./process";
import { Replicas } from "./two-replicas";

jest.setTimeout(300_000);

const ROUNDS = Number(process.env.RACES ?? 25);
const rounds = `${ROUNDS} rounds`;

type Answer = { status: number; location: string; cookie: string; body: string };

describeWith(["nginx", "pgbouncer"], "on two programs, with the database behind PgBouncer", () => {
  let replicas: Replicas;
  let db: Pool;
  let person: Somebody;

  beforeAll(async () => {
    replicas = await Replicas.open(async (url) => {
      [person] = (await settle(url, 1)) as [Somebody];
    });
    db = new Pool({ connectionString: replicas.postgres.url, max: 2 });
    await liftThrottles({ db });
  });
  afterAll(async () => {
    await db?.end();
    await replicas?.close();
  });

  /** One request to one of the programs, as nginx hands it on. */
  async function ask(
    which: 0 | 1,
    path: string,
    cookie: string,
    form?: Record<string, string>,
  ): Promise<Answer> {
    const response = await fetch(replicas.programs[which].origin + path, {
      redirect: "manual",
      headers: { cookie, origin: replicas.origin },
      ...(form && { method: "POST", body: new URLSearchParams(form) }),
    });
    const body = await response.text();
    return {
      status: response.status,
      location: response.headers.get("location") ?? "",
      cookie: response.headers.getSetCookie()[0]?.split(";")[0] ?? "",
      body,
    };
  }

  const token = () => new Tokens().create(person.csrfSecret);
  const verify = async (which: 0 | 1, key: string) => {
    const address = `${replicas.programs[which].origin}/v1/authentication/verify`;
    return (await fetch(address, { headers: { "x-api-key": key } })).status;
  };
  const onBoth = (key: string) => Promise.all([verify(0, key), verify(1, key)]);

  /** Gives the password at one of the programs: the cookie and the token of a session that wants a code. */
  async function giveFirstHalf(which: 0 | 1): Promise<{ cookie: string; _csrf: string }> {
    const { cookie } = await ask(which, "/sign-in", "", { email: person.email, password: PASSWORD });
    const { body } = await ask(which, "/sign-in/two-factor", cookie);
    return { cookie, _csrf: /name="_csrf" value="([^"]+)"/.exec(body)?.[1] ?? "" };
  }

  /** Signs in with a password and a code, and gives the session's cookie. */
  async function signIn(): Promise<string> {
    await db.query("update second_factors set last_step = 0");
    const { cookie, _csrf } = await giveFirstHalf(0);
    const code = generateSync({ secret: person.secret });
    return (await ask(1, "/sign-in/two-factor", cookie, { _csrf, code })).cookie;
  }

  it(`a one-time code given to both at once signs in once, ${rounds}`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      // So that the test need not wait 30 seconds for the next one.
      await db.query("update second_factors set last_step = 0");
      const [one, other] = await Promise.all([giveFirstHalf(0), giveFirstHalf(1)]);
      const code = generateSync({ secret: person.secret });
      const answers = await Promise.all([
        ask(0, "/sign-in/two-factor", one.cookie, { _csrf: one._csrf, code }),
        ask(1, "/sign-in/two-factor", other.cookie, { _csrf: other._csrf, code }),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([303, 422]);
      const refused = answers.find(({ status }) => status === 422);
      expect(refused?.body).toContain("That code has been used already");
    }
  });

  it(`a key regenerated at both at once becomes one key, good on both, and the old one is dead on both, ${rounds}`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const old = person.key;
      const form = { _csrf: token(), replaces: old.slice(2, 10) };
      const answers = await Promise.all([
        ask(0, "/profile/api-key/regenerate", person.cookie, form),
        ask(1, "/profile/api-key/regenerate", person.cookie, form),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
      const shown = answers.find(({ status }) => status === 200)?.body ?? "";
      person.key = /lk[0-9A-Za-z]{46}/.exec(shown)?.[0] ?? "";
      expect(await onBoth(old)).toEqual([401, 401]);
      expect(await onBoth(person.key)).toEqual([200, 200]);
    }
  });

  it(`a key revoked at one is refused by the other from that answer on, ${rounds}`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [one, other] = round % 2 ? ([0, 1] as const) : ([1, 0] as const);
      expect(await verify(other, person.key)).toBe(200);
      const form = { _csrf: token(), replaces: person.key.slice(2, 10) };
      const answer = await ask(one, "/profile/api-key/revoke", person.cookie, form);
      expect([answer.status, await verify(other, person.key)]).toEqual([303, 401]);
      const made = await ask(other, "/profile/api-key/generate", person.cookie, {
        _csrf: token(),
        replaces: "none",
      });
      person.key = /lk[0-9A-Za-z]{46}/.exec(made.body)?.[0] ?? "";
    }
  });

  it(`a session timeout shortened at one ends the other sessions at the other from that answer on, ${rounds}`, async () => {
    const choose = async (which: 0 | 1, sessionTimeout: string) => {
      const { body } = await ask(which, "/profile", person.cookie);
      const version = /name="version" value="(\d+)"/.exec(body)?.[1] ?? "";
      const form = { firstName: "Grace", lastName: "Hopper", phoneNumber: "", sessionTimeout };
      const saved = await ask(which, "/profile", person.cookie, { ...form, version, _csrf: token() });
      expect(saved.status).toBe(303);
    };
    const idleFor = (minutes: number) =>
      db.query(
        `update sessions set last_active_at = clock_timestamp() - make_interval(mins => $1)
          where client is distinct from 'seeded'`,
        [minutes],
      );
    for (let round = 0; round < ROUNDS; round++) {
      const [one, other] = round % 2 ? ([0, 1] as const) : ([1, 0] as const);
      await db.query("delete from sessions where client is distinct from 'seeded'");
      const elsewhere = await signIn();
      await idleFor(20);
      expect((await ask(other, "/profile", elsewhere)).status).toBe(200);
      await idleFor(20);
      await choose(one, "900");
      const { status, location } = await ask(other, "/profile", elsewhere);
      expect({ status, location }).toEqual({ status: 303, location: expect.stringContaining("/sign-in") });
      await choose(other, "1800");
    }
  });

  it("nothing of this was logged as an error", () => {
    expect(replicas.complaints()).toEqual([]);
  });
});
