import { request } from "node:http";
import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, type Known, setUp } from "../support/people";

let desk: TestDesk;
let ada: Known;
beforeAll(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
});
afterAll(() => desk.close());

const save = async (values: Record<string, string>) => {
  const visitor = await ada.visitor.tab().open("/profile");
  for (const [label, value] of Object.entries(values)) visitor.fill(label, value);
  return visitor.press("Save Changes");
};

describe("the profile", () => {
  it.each(["Zoë", "名前", "𝒜da", "Plain"])(
    "names %s whole to a browser that reads nothing compressed",
    async (name) => {
      await save({ "First Name": name });
      const headers = { cookie: ada.visitor.cookieHeader() };
      const [bytes, length] = await new Promise<[Buffer, string | undefined]>((resolve, reject) => {
        request(`${desk.origin}/profile`, { headers, agent: false }, async (answer) => {
          resolve([Buffer.concat(await answer.toArray()), answer.headers["content-length"]]);
        })
          .on("error", reject)
          .end();
      });
      expect(length).toBe(String(bytes.length));
      expect(bytes.toString("utf8")).toContain(`value="${name}"`);
      expect(bytes.toString("utf8").trimEnd()).toMatch(/<\/html>$/);
      await save({ "First Name": "Ada" });
    },
  );

  it("is reached by the link with the person's own name, and shows the email without a field for it", async () => {
    await ada.visitor.open("/profile");
    await ada.visitor.follow("Ada Lovelace");
    expect(ada.visitor.path).toBe("/profile");
    expect(ada.visitor.value("Email")).toBe("ada@example.com");
    expect(ada.visitor.$("input[name=email]")).toHaveLength(0);
    expect(ada.visitor.value("Session Timeout")).toBe("30 minutes");
  });

  it.each(["/Profile", "/profile/", "/PROFILE/?from=mail"])("is found at %s too", async (address) => {
    expect((await ada.visitor.tab().open(address)).heading).toBe("Your profile");
  });

  it("saves what was typed, trimmed, and says what changed", async () => {
    const visitor = await save({ "First Name": "  Augusta Ada ", "Phone Number": " 555-1234 x5678 " });
    expect(visitor.path).toBe("/profile");
    expect(visitor.text).toContain("Saved: First Name and Phone Number.");
    expect(visitor.value("First Name")).toBe("Augusta Ada");
    expect(visitor.value("Phone Number")).toBe("555-1234 x5678");
    await visitor.open("/profile");
    expect(visitor.text).not.toContain("Saved:");
  });

  it("says when nothing was changed", async () => {
    expect((await save({})).text).toContain("Nothing was changed");
  });

  it.each([
    "O'Neill-Smith",
    "李",
    "Ægir Þór",
    "عبد الله",
    "नरेंद्र",
    "a".repeat(100),
    "𝒜".repeat(100),
    "José\u0301",
    "کامران\u200cنژاد",
    "श\u0930\u094d\u200dमा",
  ])("takes the name %s", async (name) => {
    const visitor = await save({ "Last Name": name });
    expect(visitor.status).toBe(200);
    expect(visitor.value("Last Name")).toBe(name);
  });

  it.each([
    ["", "Enter your last name"],
    ["   ", "Enter your last name"],
    ["\u200b\u200d", "Enter your last name"],
    ["a".repeat(101), "Use at most 100 characters for your last name: this has 101"],
    ["Love\u0007lace", "Type your last name again: it holds a character that cannot be seen"],
    ["Love\u202elace", "Type your last name again: it holds a character that cannot be seen"],
    ["Love\u00adlace", "Type your last name again: it holds a character that cannot be seen"],
    ["Love\u200flace", "Type your last name again: it holds a character that cannot be seen"],
    ["Love\u0000lace", "Type your last name again: it holds a character that cannot be seen"],
    ["\u0000", "Enter your last name"],
    ["Love\nlace", "Type your last name again: it holds a character that cannot be seen"],
  ])("refuses the name %j", async (name, message) => {
    const visitor = await save({ "Last Name": name });
    expect(visitor.status).toBe(422);
    expect(visitor.errors.lastName).toBe(message);
  });

  it("refuses NUL in a phone number at the field, and elsewhere as what cannot be saved", async () => {
    const visitor = await save({ "Phone Number": "555\u00001234" });
    expect(visitor.status).toBe(422);
    expect(visitor.errors.phoneNumber).toContain("a character that cannot be seen");
    const page = await ada.visitor.tab().open("/profile");
    const { fields } = page.fieldsOf("Save Changes");
    for (const field of ["sessionTimeout", "version", "other"])
      expect((await page.post("/profile", { ...fields, [field]: "1\u0000" })).status).toBe(400);
  });

  it("shows a failed save as typed, with a summary of links to the fields, and saves nothing", async () => {
    const before = await desk.db.query("select * from people");
    const visitor = await save({ "First Name": "", "Last Name": "<b>Love</b>", "Phone Number": "555 ext 5" });
    expect(visitor.status).toBe(422);
    expect(visitor.title).toMatch(/^Error: /);
    expect(visitor.value("Last Name")).toBe("<b>Love</b>");
    expect(visitor.html).not.toContain("<b>Love</b>");
    expect(visitor.value("Phone Number")).toBe("555 ext 5");
    const $ = visitor.$;
    const links = $(".error-summary a")
      .toArray()
      .map((a) => [$(a).attr("href"), $(a).text()]);
    expect(links).toEqual([
      ["#firstName", "Enter your first name"],
      ["#phoneNumber", "Write the extension as x5678, without 'ext'"],
    ]);
    for (const [href = ""] of links) {
      const field = $(`input${href}`);
      expect(field.attr("aria-invalid")).toBe("true");
      expect(field.attr("aria-describedby")).toContain(`${href.slice(1)}-error`);
    }
    expect((await desk.db.query("select * from people")).rows).toEqual(before.rows);
  });

  it.each(["", "0", "1801", "-900", "900.0", "1e3", "abc", "7776000000"])(
    "refuses the made-up timeout %j",
    async (timeout) => {
      const page = await ada.visitor.tab().open("/profile");
      const { fields } = page.fieldsOf("Save Changes");
      await page.post("/profile", { ...fields, sessionTimeout: timeout });
      expect(page.status).toBe(422);
      expect(page.errors.sessionTimeout).toBe("Choose a session timeout from the list");
    },
  );

  it("refuses to save what another tab has changed since, shows both, and saves when asked again", async () => {
    const [left, right] = [
      await ada.visitor.tab().open("/profile"),
      await ada.visitor.tab().open("/profile"),
    ];
    await left.fill("First Name", "Left").press("Save Changes");
    await right.fill("Phone Number", "555-0000").press("Save Changes");
    expect(right.status).toBe(409);
    expect(right.text).toContain("Not saved");
    expect(right.errors.firstName).toBe("First Name is now: Left");
    expect(right.errors.phoneNumber).toContain("Phone Number is now:");
    expect(right.value("Phone Number")).toBe("555-0000");
    const { rows } = await desk.db.query("select first_name, phone_number from people");
    expect(rows[0].first_name).toBe("Left");
    expect(rows[0].phone_number).not.toBe("555-0000");
    await right.press("Save Changes");
    expect(right.status).toBe(200);
    expect(right.value("Phone Number")).toBe("555-0000");
  });

  it.each(["2147483648", "-1", "1e15", "0x10", "", "abc", "1.5"])(
    "takes the made-up version %j for a stale form",
    async (version) => {
      const page = await ada.visitor.tab().open("/profile");
      const { fields } = page.fieldsOf("Save Changes");
      await page.post("/profile", { ...fields, firstName: `Name ${Math.random()}`, version });
      expect(page.status).toBe(409);
    },
  );

  it("changes nobody else, whatever the form names", async () => {
    const grace = await addPerson(desk, "grace@example.com");
    const before = await desk.db.query("select * from people where email = 'grace@example.com'");
    const { rows } = before;
    const page = await ada.visitor.tab().open("/profile");
    const { fields } = page.fieldsOf("Save Changes");
    await page.post("/profile", {
      ...fields,
      id: rows[0].id,
      email: grace.email,
      roles: "administrator",
      firstName: "Eve",
    });
    expect(page.status).toBe(200);
    const after = await desk.db.query("select * from people where email = 'grace@example.com'");
    expect(after.rows).toEqual(before.rows);
    expect((await desk.db.query("select email from people where first_name = 'Eve'")).rows).toEqual([
      { email: "ada@example.com" },
    ]);
  });

  it("is drawn with headers that keep it out of caches, frames and other sites", async () => {
    await ada.visitor.open("/profile");
    const { headers } = ada.visitor;
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("content-security-policy")).not.toContain("unsafe");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-powered-by")).toBeNull();
    expect(ada.visitor.html).not.toMatch(/ style=| on[a-z]+=|<style|<script(?! src)/);
  });
});

describe("an address without a page", () => {
  it("is a 404 page with a way out", async () => {
    await ada.visitor.open("/no-such-page");
    expect(ada.visitor.status).toBe(404);
    expect(ada.visitor.heading).toBe("Page not found");
    await ada.visitor.follow("Go to your profile");
    expect(ada.visitor.path).toBe("/profile");
  });

  it("is a 404 for an address that is no path, or a 405 for a method that is not used", async () => {
    for (const [method, expected] of [
      ["OPTIONS", 405],
      ["GET", 404],
      ["HEAD", 404],
    ] as const) {
      const status = await new Promise((resolve, reject) => {
        const { hostname, port } = new URL(desk.origin);
        request({ hostname, port, path: "*", method, agent: false }, (response) => {
          response.resume().on("end", () => resolve(response.statusCode));
        })
          .on("error", reject)
          .end();
      });
      expect(status).toBe(expected);
    }
  });

  it.each(["/%E0%A4%A", "/%00", "/profile/%2e%2e/%2e%2e/etc/passwd", `/${"a".repeat(5000)}`])(
    "%s is a 4xx",
    async (path) => {
      const answer = await ada.visitor.raw(path);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    },
  );
});
