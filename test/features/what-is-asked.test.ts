import { openTestDesk, type TestDesk } from "../support/desk";
import { tokenOfLink } from "../support/links";
import {
  enrol,
  freshCode,
  givePassword,
  type Known,
  PASSWORD,
  setUp,
  setUpPath,
  signIn,
} from "../support/people";
import { Visitor } from "../support/visitor";

const TEN_YEARS = 10 * 366 * 24 * 60 * 60;
const [NAMES, NEW, CURRENT] = [["First Name", "Last Name"], "new-password", "current-password"];

let desk: TestDesk;
let ada: Known;
/** Every page on which a password is typed or a way around one begins, as it is shown to whom it is for. */
const pages = new Map<string, Visitor>();

beforeAll(async () => {
  desk = await openTestDesk();
  const first = await new Visitor(desk.origin).open(setUpPath(desk));
  pages.set("/setup", first.tab());
  await pages.get("/setup")?.open(setUpPath(desk));
  ada = await setUp(desk, first);
  const stranger = async (address: string) => new Visitor(desk.origin).open(address);
  pages.set("/sign-in", await stranger("/sign-in"));
  pages.set("/forgot-password", await stranger("/forgot-password"));
  await (await stranger("/forgot-password")).fill("Email", ada.email).press("Send link");
  const reset = await tokenOfLink(desk, "password-reset", ada.email);
  pages.set("/reset-password", await stranger(`/reset-password?token=${reset}`));
  await ada.visitor.open("/admin/people/invite");
  await ada.visitor.fill("Email", "grace@example.com").press("Send invitation");
  const invitation = await tokenOfLink(desk, "invitation", "grace@example.com");
  pages.set("/invitation", await stranger(`/invitation?token=${invitation}`));
  pages.set("/profile/password", await ada.visitor.tab().open("/profile/password"));
  desk.moveClock(11 * 60);
  pages.set("/confirm-password", await ada.visitor.tab().open("/confirm-password"));
});
afterAll(() => desk.close());

const page = (address: string): Visitor => {
  const found = pages.get(address);
  if (!found) throw new Error(`${address} was not opened`);
  expect([found.path.split("?")[0], found.status]).toEqual([address, 200]);
  return found;
};

/** The fields of the form that asks for a password, or for the email where there is none: label, purpose. */
function fieldsOf({ $ }: Visitor): [label: string, purpose: string][] {
  const form = $("main form").has("input[type=password], input[name=email]");
  expect(form.length).toBe(1);
  const fields = form.find("input:not([type=hidden]), select, textarea").toArray();
  return fields.map((field) => [
    $(`label[for="${$(field).attr("id")}"]`)
      .text()
      .trim(),
    $(field).attr("autocomplete") ?? "",
  ]);
}

const ACCOUNT = ["Email", "username"];
const OWN = ["Signed in as", "username"];
const NAMED = [
  [NAMES[0], "given-name"],
  [NAMES[1], "family-name"],
];
const FORMS: [string, string[][]][] = [
  ["/setup", [...NAMED, ACCOUNT, ["Password", NEW], ["Two-factor authentication", ""]] as string[][]],
  ["/sign-in", [ACCOUNT, ["Password", CURRENT]]],
  ["/invitation", [ACCOUNT, ...NAMED, ["Password", NEW]] as string[][]],
  ["/forgot-password", [ACCOUNT]],
  ["/reset-password", [ACCOUNT, ["New password", NEW]]],
  ["/profile/password", [OWN, ["Current password", CURRENT], ["New password", NEW]]],
  ["/confirm-password", [OWN, ["Password", CURRENT]]],
];

describe("the form at", () => {
  it.each(FORMS)(
    "%s asks for this and nothing else, no hint and no question, and tells password managers what is what",
    (address, fields) => {
      expect(fieldsOf(page(address))).toEqual(fields);
    },
  );

  it.each(FORMS.filter(([address]) => address !== "/forgot-password"))(
    "%s takes a password of any length as it is pasted or filled in, and knows whose it is",
    (address) => {
      const { $ } = page(address);
      for (const field of $("input[type=password]").toArray()) {
        const may = ["id", "name", "type", "autocomplete", "aria-describedby"];
        expect(Object.keys(field.attribs).filter((name) => !may.includes(name))).toEqual([]);
      }
      const account = $("input[autocomplete=username]");
      const known = { "/invitation": "grace@example.com", "/setup": undefined, "/sign-in": undefined };
      expect(account.attr("value")).toBe(address in known ? known[address as "/setup"] : ada.email);
    },
  );
});

describe("what is kept of a person", () => {
  it("holds no hint and no question, and an end of a password only where it was made up for somebody", async () => {
    const { rows } = await desk.db.query(
      `select table_name || '.' || column_name as name from information_schema.columns
       where table_schema = 'public' and column_name ~ 'hint|question|answer|remind|password|expir|must_change'`,
    );
    expect(rows.map(({ name }) => name).sort()).toEqual([
      "links.expires_at",
      "people.password_ends_at", // of one that a command made up
      "people.password_hash",
      "second_factors.hinted_steps", // how far a phone's clock is off
      "sessions.expire",
    ]);
  });
});

describe("a password", () => {
  it("of ten years ago signs in as ever, and nobody is asked for another", async () => {
    const before = (await ada.visitor.tab().open("/profile")).text;
    await desk.db.query("update people set created_at = created_at - interval '10 years' where email = $1", [
      ada.email,
    ]);
    desk.moveClock(TEN_YEARS);
    const visitor = await signIn(desk, ada);
    expect([visitor.path, visitor.heading]).toEqual(["/profile", "Your profile"]);
    expect(visitor.text).toBe(before);
  });
});

describe("a one-time code", () => {
  it("signs in only as somebody types and sends it: not in an address, a header, or a form of another step", async () => {
    const visitor = await givePassword(ada, new Visitor(desk.origin));
    const code = freshCode(desk, ada.secret);
    const where = `/sign-in/two-factor?code=${code}&otp=${code}`;
    await visitor.raw(where, { headers: { "x-otp": code, authorization: `Bearer ${code}` } });
    await visitor.raw(where, { method: "HEAD" });
    const token = visitor.hidden("_csrf");
    const empty = await visitor.tab().post(where, { _csrf: token }, { "x-otp": code });
    expect(empty.status).toBe(422);
    const login = new URLSearchParams({ email: ada.email, password: PASSWORD, code, "One-time code": code });
    const early = await new Visitor(desk.origin).open("/sign-in");
    login.set("_csrf", early.hidden("_csrf"));
    await early.post("/sign-in", login.toString());
    for (const each of [visitor, early])
      expect((await each.tab().open("/profile")).path).toMatch(/^\/sign-in/);
    // It was good all the while.
    await visitor.open("/sign-in/two-factor");
    await visitor.fill("One-time code", code).press("Verify");
    expect(visitor.path).toBe("/profile");
  });

  it("is asked for at every sign-in, whatever device was used before", async () => {
    const device = await signIn(desk, ada);
    await device.press("Sign out");
    await givePassword(ada, device);
    expect(device.path).toBe("/sign-in/two-factor");
    expect((await device.tab().open("/profile")).path).toMatch(/^\/sign-in/);
  });
});

describe("an authenticator", () => {
  it("is set up by a code that was typed, never by looking at the page", async () => {
    const grace = await new Visitor(desk.origin).open(
      `/invitation?token=${await tokenOfLink(desk, "invitation", "grace@example.com")}`,
    );
    grace.fill("First Name", "Grace").fill("Last Name", "Hopper");
    await grace.fill("Password", PASSWORD).press("Join");
    const bound = async () =>
      (await desk.db.query("select from second_factors where pending_in is null")).rowCount;
    const before = await bound();
    for (let looks = 0; looks < 3; looks++) await grace.open("/two-factor/enrol");
    expect(await bound()).toBe(before);
    await enrol(desk, grace, "grace@example.com");
    expect(await bound()).toBe((before ?? 0) + 1);
  });
});
