import { pageRoutes, programRoutes } from "../src/routes";
import { openTestDesk, type TestDesk } from "./support/desk";
import { addPerson, givePassword, type Known, PASSWORD, setUp, signIn } from "./support/people";
import { Visitor } from "./support/visitor";

let desk: TestDesk;
let ada: Known;
let member: Known;
/** Somebody in each state, made once: nothing below may change them. */
const who: Record<string, Visitor> = {};

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
});
afterAll(() => desk.close());

/** Who may pass which guard, and where the others are sent. */
const SIGN_IN = /^\/sign-in\?return=/;
const REFUSED: Record<string, Record<string, RegExp>> = {
  public: {},
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
};

const refusals = pageRoutes.flatMap(([method, path, guard]) =>
  Object.entries(REFUSED[guard] ?? {}).map(([visitor, sentTo]) => ({ method, path, guard, visitor, sentTo })),
);

async function everything(): Promise<string> {
  const tables = ["people", "second_factors", "recovery_codes", "api_keys", "trail", "installation"];
  const dumps = await Promise.all(
    tables.map((table) => desk.db.query(`select t::text from ${table} t order by 1`)),
  );
  const sessions = await desk.db.query("select id, person_id, stage from sessions order by id");
  return JSON.stringify([dumps.map((dump) => dump.rows), sessions.rows]);
}

describe("the route table", () => {
  it("has a page at the address of each form that asks for a recent password, to come back to", () => {
    const asking = pageRoutes.filter(([method, , guard]) => method === "POST" && guard === "recentPassword");
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
      "GET /setup",
      "POST /setup",
      "GET /sign-in",
      "POST /sign-in",
      "POST /sign-out",
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
    const answer = await visitor.raw(route.path, {
      method: route.method,
      ...(route.method === "POST"
        ? {
            body: new URLSearchParams({ _csrf: token, replaces: "none", password: PASSWORD }).toString(),
            headers: { "content-type": "application/x-www-form-urlencoded" },
          }
        : {}),
    });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toMatch(route.sentTo);
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
