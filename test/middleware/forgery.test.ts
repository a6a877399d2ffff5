import { openTestDesk, type TestDesk } from "../support/desk";
import {
  addPerson,
  enrol,
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

const FORM = { "content-type": "application/x-www-form-urlencoded" };

async function saveFrom(
  headers: Record<string, string>,
  change: Record<string, string> = {},
  visitor = ada.visitor,
): Promise<number> {
  const page = await visitor.tab().open("/profile");
  const { fields } = page.fieldsOf("Save Changes");
  const body = new URLSearchParams({ ...fields, lastName: `Name ${Math.random()}`, ...change }).toString();
  return (await page.raw("/profile", { method: "POST", body, headers: { ...FORM, ...headers } })).status;
}

describe("a form", () => {
  it.each<Record<string, string>>([
    {},
    { "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "none" },
    { "sec-fetch-site": "same-origin", origin: "null" },
  ])("sent from this site is taken: %j", async (headers) => {
    expect(await saveFrom(headers)).toBe(303);
    expect(await saveFrom({ ...headers, origin: desk.origin })).toBe(303);
  });

  it("sent from this site under another name than BASE_URL has is taken", async () => {
    const local = ada.visitor.tab();
    local.origin = desk.origin.replace("127.0.0.1", "localhost");
    expect(await saveFrom({ origin: local.origin })).toBe(403);
    const page = await local.open("/profile");
    const body = new URLSearchParams(page.fieldsOf("Save Changes").fields).toString();
    const headers = { ...FORM, origin: local.origin };
    expect((await page.raw("/profile", { method: "POST", body, headers })).status).toBe(303);
  });

  it("sent from BASE_URL is taken, whatever host a proxy names instead", async () => {
    const proxied = ada.visitor.tab();
    proxied.origin = desk.origin.replace("127.0.0.1", "localhost");
    const page = await proxied.open("/profile");
    const body = new URLSearchParams(page.fieldsOf("Save Changes").fields).toString();
    const headers = { ...FORM, origin: desk.origin };
    expect((await page.raw("/profile", { method: "POST", body, headers })).status).toBe(303);
  });

  it.each<Record<string, string>>([
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: "http://127.0.0.1:1" },
    { origin: "ftp://HOST" },
    { origin: "https://HOST" },
  ])("sent from another site is refused, with or without a token: %j", async (given) => {
    const headers = JSON.parse(JSON.stringify(given).replace("HOST", new URL(desk.origin).host));
    expect(await saveFrom(headers)).toBe(403);
    const stranger = new Visitor(desk.origin);
    await stranger.post("/sign-in", { email: ada.email, password: PASSWORD }, headers);
    expect(stranger.status).toBe(403);
    expect(stranger.text).toContain("sent from another site, so nothing was changed");
    expect(stranger.cookies.size).toBe(0);
  });

  it.each(["", "made-up", "x".repeat(5000)])("without its token is refused: %j", async (token) => {
    expect(await saveFrom({}, { _csrf: token })).toBe(403);
  });

  it.each([
    ["text/plain", (token: string) => `_csrf=${token}`],
    ["application/json", (token: string) => JSON.stringify({ _csrf: token })],
    ["application/x-www-form-urlencoded", (token: string) => `_csrf=${token}&_csrf=${token}`],
  ])("with its token in a body that is none of our forms is refused: %s", async (type, bodyOf) => {
    const page = await ada.visitor.tab().open("/profile");
    const body = bodyOf(encodeURIComponent(page.hidden("_csrf")));
    const answer = await page.raw("/profile", { method: "POST", body, headers: { "content-type": type } });
    expect(answer.status).toBe(403);
  });

  it("whose token stands in a header or the address, but not in the body, is refused", async () => {
    const token = (await ada.visitor.tab().open("/profile")).hidden("_csrf");
    expect(await saveFrom({ "x-csrf-token": token, "csrf-token": token }, { _csrf: "" })).toBe(403);
    const answer = await ada.visitor.raw(`/profile?_csrf=${encodeURIComponent(token)}`, {
      method: "POST",
      body: "firstName=Eve",
      headers: FORM,
    });
    expect(answer.status).toBe(403);
  });

  it("with the token of another session is refused", async () => {
    const other = new Visitor(desk.origin);
    await other.open("/sign-in");
    await other.fill("Email", ada.email).fill("Password", PASSWORD).press("Sign in");
    expect(await saveFrom({}, { _csrf: other.hidden("_csrf") })).toBe(403);
  });

  it("with the token from half way through signing in is refused afterwards: who knew the password knew it", async () => {
    const visitor = await givePassword(ada, new Visitor(desk.origin));
    const _csrf = visitor.hidden("_csrf");
    await visitor.fill("One-time code", freshCode(desk, ada.secret)).press("Verify");
    expect(visitor.path).toBe("/profile");
    expect(await saveFrom({}, { _csrf }, visitor)).toBe(403);
    expect(await saveFrom({}, {}, visitor)).toBe(303);
  });

  it.each(["a code is due from", "enrolment is due from"])(
    "with the token of whoever was signed in in this browser before is refused where %s who signs in there",
    async (due) => {
      const grace = await addPerson(desk, `grace${due.length}@example.com`);
      const visitor = await signIn(desk, ada);
      const _csrf = visitor.hidden("_csrf");
      const signInAsGrace = () => visitor.post("/sign-in", { email: grace.email, password: PASSWORD });
      if (due.startsWith("a code")) {
        await signInAsGrace();
        await visitor.fill("One-time code", freshCode(desk, grace.secret)).press("Verify");
      } else {
        await desk.db.query(
          "delete from second_factors where person_id = (select id from people where email = $1)",
          [grace.email],
        );
        await signInAsGrace();
        await enrol(desk, visitor, grace.email);
      }
      expect(visitor.path).toBe("/profile");
      expect(await saveFrom({}, { _csrf }, visitor)).toBe(403);
      expect(await saveFrom({}, {}, visitor)).toBe(303);
    },
  );

  it.each<[string, string, Record<string, string>]>([
    ["/sign-in", "email=a&email=b", {}],
    ["/profile", "a=b", { "sec-fetch-site": "cross-site" }],
    ["/profile", "a=b", {}],
  ])(
    "on the page that says what was wrong with one sent to %s is taken: %s %j",
    async (path, body, headers) => {
      const visitor = await signIn(desk, ada);
      await visitor.post(path, body, headers);
      expect(visitor.status).toBeGreaterThanOrEqual(400);
      expect((await visitor.press("Sign out")).text).toContain("You have signed out.");
    },
  );

  it("keeps working in two tabs of one session", async () => {
    const [left, right] = [
      await ada.visitor.tab().open("/profile"),
      await ada.visitor.tab().open("/profile"),
    ];
    await right.press("Save Changes");
    await left.press("Save Changes");
    expect([left.status, right.status]).toEqual([200, 200]);
  });
});

it("a link on another site leads to a page, for somebody signed in as for a stranger", async () => {
  for (const [visitor, path] of [
    [ada.visitor, "/profile"],
    [new Visitor(desk.origin), "/sign-in"],
  ] as const) {
    for (const method of ["GET", "HEAD"]) {
      const { status } = await visitor.raw(path, { method, headers: { "sec-fetch-site": "cross-site" } });
      expect([path, method, status]).toEqual([path, method, 200]);
    }
  }
});
