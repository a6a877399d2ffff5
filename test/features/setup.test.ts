import { openTestDesk, type TestDesk } from "../support/desk";
import { PASSWORD, recoveryCodes, setUp, setupKey } from "../support/people";
import { Visitor } from "../support/visitor";

let desk: TestDesk;
beforeEach(async () => {
  desk = await openTestDesk();
});
afterEach(() => desk.close());

const fill = (visitor: Visitor, over: Record<string, string> = {}) => {
  const values = {
    "First Name": "Ada",
    "Last Name": "Lovelace",
    Email: "ada@example.com",
    Password: PASSWORD,
    ...over,
  };
  for (const [label, value] of Object.entries(values)) visitor.fill(label, value);
  return visitor;
};

describe("an installation without accounts", () => {
  it("sends every page to the sign-in page, which says that set-up is pending and where to look", async () => {
    for (const path of ["/", "/profile", "/docs/api", "/no-such-page", "/sign-in"]) {
      const visitor = await new Visitor(desk.origin).open(path);
      expect(visitor.path).toBe("/sign-in");
      expect(visitor.text).toContain("Set-up is pending");
      expect(visitor.text).toContain("/setup?token=");
    }
  });

  it("refuses set-up without the token, with another one, and with a list of them", async () => {
    for (const query of ["", "?token=", "?token=abc", "?token=a&token=b"]) {
      const visitor = await new Visitor(desk.origin).open(`/setup${query}`);
      expect([400, 403]).toContain(visitor.status);
      expect(visitor.hasButton("Create administrator")).toBe(false);
    }
  });

  it("prints the same set-up address on every replica", async () => {
    const other = await desk.replica();
    expect(new URL(other.desk.setUpAddress).search).toBe(new URL(desk.desk.setUpAddress).search);
  });

  it("creates the first administrator, who is taken to enrolment before anything else", async () => {
    const visitor = await fill(await new Visitor(desk.origin).open(desk.desk.setUpAddress)).press(
      "Create administrator",
    );
    expect(visitor.path).toBe("/two-factor/enrol");
    expect(setupKey(visitor)).toMatch(/^[A-Z2-7]{32}$/);
    await visitor.open("/profile");
    expect(visitor.path).toBe("/two-factor/enrol");
  });

  it("shows ten recovery codes once, and then the profile with the person's name in the navigation", async () => {
    const { recoveryCodes: codes, visitor } = await setUp(desk);
    expect(new Set(codes).size).toBe(10);
    expect(visitor.path).toBe("/profile");
    expect(visitor.$("nav a").first().text()).toBe("Ada Lovelace");
    expect(recoveryCodes(visitor)).toEqual([]);
  });

  it("keeps what was typed but the password, with a message at each field, when something is wrong", async () => {
    const visitor = await new Visitor(desk.origin).open(desk.desk.setUpAddress);
    await fill(visitor, { "First Name": " ", Email: "ada", Password: "short" }).press("Create administrator");
    expect(visitor.status).toBe(422);
    expect(visitor.title).toMatch(/^Error: /);
    expect(visitor.errors).toEqual({
      firstName: "Enter your first name",
      email: "Enter an email address like name@example.com",
      password: "Use at least 12 characters: this has 5",
    });
    expect(visitor.value("Last Name")).toBe("Lovelace");
    expect(visitor.value("Email")).toBe("ada");
    expect(visitor.value("Password")).toBe("");
  });

  it.each([
    ["password1234", "too easy to guess"],
    ["ada.lovelace@1", "made of your own name or email"],
    ["x".repeat(257), "Use at most 256 characters: this has 257"],
  ])("refuses the password %s", async (password, message) => {
    const visitor = await new Visitor(desk.origin).open(desk.desk.setUpAddress);
    await fill(visitor, { Password: password }).press("Create administrator");
    expect(visitor.errors.password).toContain(message);
  });

  it("takes a password of 128 characters, of which the last one counts", async () => {
    const password = Array.from({ length: 128 }, (_, i) =>
      String.fromCharCode(97 + ((i * 7 + i * i) % 26)),
    ).join("");
    const visitor = await new Visitor(desk.origin).open(desk.desk.setUpAddress);
    await fill(visitor, { Password: password }).press("Create administrator");
    const other = await new Visitor(desk.origin).open("/sign-in");
    await other
      .fill("Email", "ada@example.com")
      .fill("Password", `${password.slice(0, -1)}!`)
      .press("Sign in");
    expect(other.status).toBe(422);
    await other.fill("Email", "ada@example.com").fill("Password", password).press("Sign in");
    expect(other.path).toBe("/two-factor/enrol");
  });

  it("makes one administrator of twenty that are created at once, and the others are told", async () => {
    const visitors = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const visitor = await new Visitor(desk.origin).open(desk.desk.setUpAddress);
        return fill(visitor, { Email: `ada${i}@example.com` });
      }),
    );
    const done = await Promise.all(visitors.map((visitor) => visitor.press("Create administrator")));
    expect(done.filter((visitor) => visitor.path === "/two-factor/enrol")).toHaveLength(1);
    expect(done.filter((visitor) => visitor.status === 404)).toHaveLength(19);
    expect((await desk.db.query("select from people")).rowCount).toBe(1);
  });
});

describe("an installation with an account", () => {
  it("has no set-up page any more", async () => {
    const address = desk.desk.setUpAddress;
    await setUp(desk);
    const visitor = await new Visitor(desk.origin).open(address);
    expect(visitor.status).toBe(404);
    await visitor.post("/setup", { firstName: "Eve" });
    expect(visitor.status).toBe(404);
  });
});
