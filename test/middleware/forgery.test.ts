import { openTestDesk, type TestDesk } from "../support/desk";
import { type Known, PASSWORD, setUp } from "../support/people";
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
): Promise<number> {
  const page = await ada.visitor.tab().open("/profile");
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
