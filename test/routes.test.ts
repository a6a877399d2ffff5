import { makeApiKey } from "../src/base/api-key-format";
import { pageRoutes, programRoutes } from "../src/routes";
import { openTestDesk, type TestDesk } from "./support/desk";
import { addPerson, givePassword, type Known, PASSWORD, setUp, signIn } from "./support/people";
import { Visitor } from "./support/visitor";

let desk: TestDesk;
let ada: Known;
let member: Known;
/** Somebody in each state, made once: nothing below may change them. */
const who: Record<string, Visitor> = {};
/** What some of them send along. */
const headers: Record<string, Record<string, string>> = {};
let memberId: string;

beforeAll(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
  member = await addPerson(desk, "grace@example.com");
  await desk.db.query(
    "insert into people (email, first_name, last_name, password_hash) select 'new@example.com', 'New', 'Comer', password_hash from people limit 1",
  );
  who.stranger = new Visitor(desk.origin);
  who["half signed in (code due)"] = await givePassword(ada, new Visitor(desk.origin));
  who["half signed in (enrolment due)"] = await givePassword(
    { ...ada, email: "new@example.com" },
    new Visitor(desk.origin),
  );
  who["signed in"] = member.visitor;
  who["signed in (password given long ago)"] = await signIn(desk, ada);
  const old = who["signed in (password given long ago)"];
  await desk.db.query(
    "update sessions set sess = jsonb_set(sess::jsonb, '{passwordGivenAt}', '0') where id = (select id from sessions where stage = 'signed-in' order by started_at desc limit 1)",
  );
  await old.open("/profile");

  who["signed in (API access only)"] = (
    await addPerson(desk, "robot@example.com", ["API access only"])
  ).visitor;
  memberId = (await desk.db.query("select id from people where email = $1", [member.email])).rows[0].id;
  const keys = [makeApiKey(), makeApiKey()] as const;
  await desk.db.query(
    `insert into service_accounts (name, purpose, responsible_id, roles)
     select 'backup', 'nightly', id, '{administrator}' from people where email = 'ada@example.com'`,
  );
  await desk.db.query(
    `insert into api_keys (id, hash, person_id, service_account_id)
     select $1, $2::bytea, id, null::uuid from people where email = 'ada@example.com'
     union all select $3, $4::bytea, null, id from service_accounts`,
    [keys[0].id, keys[0].hash, keys[1].id, keys[1].hash],
  );
  for (const [i, name] of ["an administrator's API key", "a service account's API key"].entries()) {
    who[name] = new Visitor(desk.origin);
    const user = i === 0 ? "ada@example.com" : "backup";
    headers[name] = {
      authorization: `Basic ${Buffer.from(`${user}:${keys[i]?.key}`).toString("base64")}`,
      "x-api-key": keys[i]?.key ?? "",
    };
  }
}, 120_000);
afterAll(() => desk.close());

/** Who may pass which guard, and where the others are sent. */
const SIGN_IN = /^\/sign-in\?return=/;
/** Not sent anywhere: told that only administrators may. */
const FORBIDDEN = 403;
const NOT_ADMINISTRATORS = {
  stranger: SIGN_IN,
  "an administrator's API key": SIGN_IN,
  "a service account's API key": SIGN_IN,
  "half signed in (code due)": /^\/sign-in\/two-factor$/,
  "half signed in (enrolment due)": /^\/two-factor\/enrol$/,
  "signed in": FORBIDDEN,
  "signed in (API access only)": FORBIDDEN,
} as const;
const REFUSED: Record<string, Record<string, RegExp | typeof FORBIDDEN>> = {
  public: {},
  watching: {},
  awaitingCode: {
    stranger: SIGN_IN,
    "half signed in (enrolment due)": /^\/two-factor\/enrol$/,
    "signed in": /^\/profile$/,
    "signed in (password given long ago)": /^\/profile$/,
  },
  enrolling: {
    stranger: SIGN_IN,
    "half signed in (code due)": /^\/sign-in\/two-factor$/,
    "signed in": /^\/profile$/,
    "signed in (password given long ago)": /^\/profile$/,
  },
  signedIn: {
    stranger: SIGN_IN,
    "half signed in (code due)": /^\/sign-in\/two-factor$/,
    "half signed in (enrolment due)": /^\/two-factor\/enrol$/,
  },
  recentPassword: {
    stranger: SIGN_IN,
    "half signed in (code due)": /^\/sign-in\/two-factor$/,
    "half signed in (enrolment due)": /^\/two-factor\/enrol$/,
    "signed in (password given long ago)": /^\/confirm-password\?return=/,
  },
  administrator: NOT_ADMINISTRATORS,
  administratorRecent: {
    ...NOT_ADMINISTRATORS,
    "signed in (password given long ago)": /^\/confirm-password\?return=/,
  },
};

const refusals = pageRoutes.flatMap(([method, path, guard]) =>
  Object.entries(REFUSED[guard] ?? {}).map(([visitor, sentTo]) => ({ method, path, guard, visitor, sentTo })),
);

async function everything(): Promise<string> {
  const tables = [
    "people",
    "second_factors",
    "recovery_codes",
    "api_keys",
    "trail",
    "installation",
    "service_accounts",
    "links",
    "roles",
    "mail",
  ];
  const dumps = await Promise.all(
    tables.map((table) => desk.db.query(`select t::text from ${table} t order by 1`)),
  );
  const sessions = await desk.db.query("select id, person_id, stage from sessions order by id");
  return JSON.stringify([dumps.map((dump) => dump.rows), sessions.rows]);
}

describe("the route table", () => {
  it("has a page at the address of each form that asks for a recent password, to come back to", () => {
    const asking = pageRoutes.filter(([method, , guard]) => method === "POST" && /Recent|recent/.test(guard));
    expect(asking.length).toBeGreaterThan(3);
    for (const [, path] of asking) {
      expect(pageRoutes.some(([method, address]) => method === "GET" && address === path)).toBe(true);
    }
  });

  it("opens to strangers only what has to be open", () => {
    const open = pageRoutes
      .filter(([, , guard]) => guard === "public")
      .map(([method, path]) => `${method} ${path}`);
    expect(open).toEqual([
      "GET /",
      "GET /docs/api",
      "GET /setup",
      "POST /setup",
      "GET /sign-in",
      "POST /sign-in",
      "GET /forgot-password",
      "POST /forgot-password",
      "GET /reset-password",
      "POST /reset-password",
      "GET /sign-out",
      "POST /sign-out",
      "GET /profile/email/confirm",
      "POST /profile/email/confirm",
      "GET /invitation",
      "POST /invitation",
    ]);
  });

  it("knows what each guard refuses", () => {
    for (const [, , guard] of pageRoutes) expect(REFUSED).toHaveProperty(guard);
    expect(refusals.length).toBeGreaterThan(60);
  });

  it.each(refusals)("$method $path refuses who is $visitor, and nothing changes", async (route) => {
    const visitor = who[route.visitor] as Visitor;
    const token = await csrfToken(visitor);
    const before = await everything();
    const form = {
      _csrf: token,
      replaces: "none",
      password: PASSWORD,
      role: "administrator",
      was: "member",
      reason: "x",
      name: "x",
    };
    const answer = await visitor.raw(route.path.replace(":id", memberId), {
      method: route.method,
      headers: { ...headers[route.visitor], "content-type": "application/x-www-form-urlencoded" },
      ...(route.method === "POST" ? { body: new URLSearchParams(form).toString() } : {}),
    });
    if (route.sentTo === FORBIDDEN) expect(answer.status).toBe(403);
    else {
      expect(answer.status).toBe(303);
      expect(answer.headers.get("location")).toMatch(route.sentTo);
    }
    expect(await everything()).toBe(before);
  });

  it.each(programRoutes.filter(([, , guard]) => guard !== "public"))(
    "%s %s refuses who has no key, also somebody signed in, without a cookie or a redirect",
    async (_method, path) => {
      for (const visitor of [new Visitor(desk.origin), member.visitor]) {
        const answer = await visitor.raw(path);
        expect(answer.status).toBe(401);
        expect(answer.headers.get("set-cookie")).toBeNull();
        expect(answer.headers.get("location")).toBeNull();
      }
    },
  );
});

async function csrfToken(visitor: Visitor): Promise<string> {
  if (visitor.cookies.size === 0) return "";
  const page = await visitor.tab().open("/confirm-password");
  return page.hidden("_csrf");
}
