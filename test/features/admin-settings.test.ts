import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, enrol, givePassword, type Known, setUp, signIn } from "../support/people";
import { ageSession, startedAgo, storedSid } from "../support/time";
import { Visitor } from "../support/visitor";

const HOUR = 3600;
let desk: TestDesk;
let ada: Known;
let grace: Known;
beforeAll(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
  grace = await addPerson(desk, "grace@example.com");
});
afterAll(() => desk.close());
beforeEach(async () => {
  await desk.db.query(
    "update installation set longest_session_timeout = 7776000, longest_session_timeout_administrators = 7776000, two_factor_policy = 'everyone', absolute_lifetime = 31536000",
  );
  await desk.db.query("update people set session_timeout = 1800");
  await desk.db.query("delete from roles");
});

const EVERYBODY = "Longest session timeout";
const ADMINISTRATORS = "Longest session timeout for administrators";

const save = async (values: Record<string, string>) => {
  const page = await ada.visitor.tab().open("/admin/settings");
  for (const [label, value] of Object.entries(values)) page.fill(label, value);
  return page.press("Save Changes");
};
const choose = async (visitor: Visitor, label: string) =>
  (await visitor.open("/profile")).fill("Session Timeout", label).press("Save Changes");
const offered = (visitor: Visitor) => {
  const $ = visitor.$;
  return $("#sessionTimeout option")
    .toArray()
    .map((option) => $(option).text());
};
const hint = (visitor: Visitor) => visitor.$("#sessionTimeout-hint").text();
const entries = async (action: string) =>
  (await desk.db.query("select details from trail where action = $1 order by id", [action])).rows.map(
    (row) => row.details,
  );

describe("the settings", () => {
  it("are reached by the navigation, saved with what changed, and stand in the trail with from and to", async () => {
    const page = await ada.visitor.tab().open("/profile");
    await page.follow("Settings");
    expect(page.value(EVERYBODY)).toBe("90 days");
    expect(page.value(ADMINISTRATORS)).toBe("90 days");
    expect(page.value("Two-factor authentication")).toBe("Everyone (recommended)");
    await page
      .fill(EVERYBODY, "8 hours")
      .fill("Two-factor authentication", "Administrators")
      .press("Save Changes");
    expect(page.path).toBe("/admin/settings");
    expect(page.text).toContain("Saved: Longest session timeout and Two-factor authentication.");
    expect(page.value(EVERYBODY)).toBe("8 hours");
    expect((await entries("settings.changed")).at(-1)).toEqual({
      longestSessionTimeout: { from: 7776000, to: 28800 },
      twoFactorPolicy: { from: "everyone", to: "administrators" },
    });
    const trail = await ada.visitor.tab().open("/admin/activity");
    expect(trail.text).toContain("90 days → 8 hours");
    const before = (await entries("settings.changed")).length;
    expect((await page.press("Save Changes")).text).toContain("Nothing was changed");
    expect(await entries("settings.changed")).toHaveLength(before);
  });

  it("saved in another window since are not undone: both are shown, and saving again is a decision", async () => {
    const [left, right] = [ada.visitor.tab(), ada.visitor.tab()];
    await left.open("/admin/settings");
    await right.open("/admin/settings");
    await left.fill(EVERYBODY, "1 hour").press("Save Changes");
    await right.fill(ADMINISTRATORS, "30 minutes").press("Save Changes");
    expect(right.status).toBe(409);
    expect(right.text).toContain("Not saved: the settings were changed in another window");
    expect(right.errors.longestSessionTimeout).toBe("Longest session timeout is now: 1 hour");
    expect(right.value(ADMINISTRATORS)).toBe("30 minutes");
    await right.fill(EVERYBODY, "1 hour").press("Save Changes");
    expect(right.text).toContain("Saved: Longest session timeout for administrators.");
    expect(right.value(EVERYBODY)).toBe("1 hour");
  });

  it("sent by two at the same moment are saved by one, the trail telling what was there, 20 rounds", async () => {
    const other = (await desk.replica()).origin;
    for (let round = 0; round < 20; round++) {
      const page = await ada.visitor.tab().open("/admin/settings");
      const { fields } = page.fieldsOf("Save Changes");
      const before = await entries("settings.changed");
      const choices = round % 2 ? ["900", "1800"] : ["3600", "7200"];
      const tabs = choices.map(() => page.tab());
      if (tabs[1]) tabs[1].origin = other;
      await Promise.all(
        tabs.map((tab, i) =>
          tab.post("/admin/settings", { ...fields, longestSessionTimeout: choices[i] ?? "" }),
        ),
      );
      expect(tabs.map((tab) => tab.status).sort()).toEqual([200, 409]);
      const added = (await entries("settings.changed")).slice(before.length);
      expect(added).toHaveLength(1);
      expect(added[0].longestSessionTimeout.from).toBe(Number(fields.longestSessionTimeout));
    }
  });

  it.each([
    ["longestSessionTimeout", "1"],
    ["longestSessionTimeoutAdministrators", "-900"],
    ["longestSessionTimeout", "99999999999999"],
    ["absoluteLifetime", "31536001"],
    ["absoluteLifetime", "0"],
    ["twoFactorPolicy", "nobody"],
    ["twoFactorPolicy", ""],
  ])("refuse %s = %j", async (field, value) => {
    const page = await ada.visitor.tab().open("/admin/settings");
    const { fields } = page.fieldsOf("Save Changes");
    await page.post("/admin/settings", { ...fields, [field]: value });
    expect(page.status).toBe(422);
    expect(page.errors[field]).toMatch(/^Choose/);
  });

  it.each(["abc", "-1", "99999999999", "1e3", "1.5", ""])(
    "with the made-up version %j are never saved over",
    async (version) => {
      const page = await ada.visitor.tab().open("/admin/settings");
      const { fields } = page.fieldsOf("Save Changes");
      await page.post("/admin/settings", { ...fields, version, longestSessionTimeout: "900" });
      expect(page.status).toBe(409);
    },
  );

  it("hold how long a session lasts whatever the activity, on every replica, and say so when it has ended", async () => {
    const visitor = await signIn(desk, grace);
    visitor.origin = (await desk.replica()).origin;
    await startedAgo(desk, visitor, 24 * HOUR + 1);
    expect((await visitor.open("/profile")).path).toBe("/profile");
    const page = await save({ "Longest time signed in": "1 day" });
    expect(page.text).toContain("Saved: Longest time signed in.");
    expect((await entries("settings.changed")).at(-1)).toEqual({
      absoluteLifetime: { from: 31536000, to: 86400 },
    });
    expect((await visitor.open("/profile")).path).toMatch(/^\/sign-in\?/);
    expect(visitor.text).toContain("You were signed out because a session lasts 1 day at most");
    const later = await signIn(desk, grace);
    await startedAgo(desk, later, 24 * HOUR - 2);
    await later.open("/profile/sessions");
    expect(later.path).toBe("/profile/sessions");
    const { rows } = await desk.db.query(
      "select started_at + interval '24 hours' as end from sessions where sid = $1",
      [storedSid(later)],
    );
    const ends = later.$("tr:has(strong) td[data-column='Ends if idle'] time").attr("datetime");
    expect(Math.abs(new Date(ends ?? 0).getTime() - rows[0].end.getTime())).toBeLessThan(1000);
  });

  it("are closed to members, who change nothing", async () => {
    const token = (await grace.visitor.tab().open("/profile")).hidden("_csrf");
    const page = grace.visitor.tab();
    expect((await page.open("/admin/settings")).status).toBe(403);
    await page.post("/admin/settings", {
      _csrf: token,
      version: "1",
      longestSessionTimeout: "900",
      longestSessionTimeoutAdministrators: "900",
      twoFactorPolicy: "optional",
    });
    expect(page.status).toBe(403);
    await page.post("/admin/settings/roles", { _csrf: token, name: "editor" });
    expect(page.status).toBe(403);
    await page.post("/admin/settings/roles/delete", { _csrf: token, name: "editor" });
    expect(page.status).toBe(403);
    expect((await desk.db.query("select longest_session_timeout as t from installation")).rows).toEqual([
      { t: 7776000 },
    ]);
  });
});

describe("the ceiling", () => {
  it("lowered to 1 hour ends a session of 8 hours that has idled for longer, at 1 hour and on every replica", async () => {
    await choose(grace.visitor, "8 hours");
    const [idle, fresh] = [await signIn(desk, grace), await signIn(desk, grace)];
    fresh.origin = (await desk.replica()).origin;
    await ageSession(desk, idle, 2 * HOUR);
    await ageSession(desk, fresh, HOUR - 2);
    await save({ [EVERYBODY]: "1 hour" });
    expect((await fresh.open("/profile")).path).toBe("/profile");
    await idle.open("/profile");
    expect(idle.path).toBe("/sign-in?return=%2Fprofile");
    expect(idle.text).toContain("You were signed out after 1 hour without activity");
    await ageSession(desk, fresh, HOUR + 1);
    expect((await fresh.open("/profile")).path).toMatch(/^\/sign-in/);
  });

  it("raised again gives the earlier choice back", async () => {
    const visitor = await signIn(desk, grace);
    await choose(visitor, "8 hours");
    await save({ [EVERYBODY]: "1 hour" });
    await visitor.open("/profile");
    await save({ [EVERYBODY]: "90 days" });
    await ageSession(desk, visitor, 8 * HOUR - 2);
    expect((await visitor.open("/profile")).path).toBe("/profile");
    expect(visitor.value("Session Timeout")).toBe("8 hours");
  });

  it("is why longer times are not offered on the profile, which says so", async () => {
    const visitor = await signIn(desk, grace);
    await visitor.open("/profile");
    expect(offered(visitor)).toHaveLength(7);
    expect(hint(visitor)).toContain("90 days is for people who need persistent access");
    await save({ [EVERYBODY]: "1 hour" });
    await visitor.open("/profile");
    expect(offered(visitor)).toEqual(["15 minutes", "30 minutes", "1 hour"]);
    expect(hint(visitor)).toContain(
      "Your organisation allows at most 1 hour, so longer times such as 90 days are not offered.",
    );
    expect(visitor.$("#sessionTimeout").attr("aria-describedby")).toContain("sessionTimeout-hint");
  });

  it("refuses a longer time that is chosen anyway, and saves nothing", async () => {
    const visitor = await signIn(desk, grace);
    await visitor.open("/profile");
    const { fields } = visitor.fieldsOf("Save Changes");
    await save({ [EVERYBODY]: "1 hour" });
    await visitor.post("/profile", { ...fields, firstName: "Grete", sessionTimeout: "28800" });
    expect(visitor.status).toBe(422);
    expect(visitor.errors.sessionTimeout).toBe(
      "Choose 1 hour or less. Your organisation allows at most 1 hour",
    );
    expect(visitor.value("First Name")).toBe("Grete");
    expect(visitor.value("Session Timeout")).toBe("30 minutes");
    const { rows } = await desk.db.query(
      "select first_name, session_timeout from people where email = 'grace@example.com'",
    );
    expect(rows).toEqual([{ first_name: "Grace", session_timeout: 1800 }]);
  });

  it("shows an earlier longer choice as capped, and lets the rest of the profile be saved with it", async () => {
    const visitor = await signIn(desk, grace);
    await choose(visitor, "8 hours");
    await save({ [EVERYBODY]: "1 hour" });
    await visitor.open("/profile");
    expect(hint(visitor)).toContain("You chose 8 hours; your organisation’s limit of 1 hour applies.");
    expect(visitor.value("Session Timeout")).toBe("8 hours (limited to 1 hour)");
    await visitor.fill("Phone Number", "555").press("Save Changes");
    expect(visitor.text).toContain("Saved: Phone Number.");
    await visitor.fill("Session Timeout", "15 minutes").press("Save Changes");
    expect(offered(visitor)).toEqual(["15 minutes", "30 minutes", "1 hour"]);
  });

  it("holds an administrator's choice for somebody else, whose page says so too", async () => {
    const { rows } = await desk.db.query("select id from people where email = 'grace@example.com'");
    const address = `/admin/people/${rows[0].id}`;
    const page = await ada.visitor.tab().open(address);
    const { fields } = page.fieldsOf("Save Changes");
    await save({ [EVERYBODY]: "1 hour", [ADMINISTRATORS]: "15 minutes" });
    await page.post(address, { ...fields, sessionTimeout: "28800" });
    expect(page.status).toBe(422);
    expect(page.errors.sessionTimeout).toContain("Choose 1 hour or less");
    expect(offered(page)).toEqual(["15 minutes", "30 minutes", "1 hour"]);
    await desk.db.query("update people set session_timeout = 28800 where email = 'grace@example.com'");
    await page.open(address);
    expect(hint(page)).toContain("They chose 8 hours; your organisation’s limit of 1 hour applies.");
  });

  it("for administrators holds administrators only, and never lets them longer than everybody", async () => {
    await save({ [ADMINISTRATORS]: "15 minutes" });
    await ada.visitor.open("/profile");
    expect(offered(ada.visitor)[0]).toBe("15 minutes");
    expect(hint(ada.visitor)).toContain("Your organisation allows administrators at most 15 minutes");
    expect(hint(ada.visitor)).toContain("You chose 30 minutes");
    const member = await signIn(desk, grace);
    await member.open("/profile");
    expect(offered(member)).toHaveLength(7);
    const administrator = await signIn(desk, ada);
    await ageSession(desk, administrator, 15 * 60 + 1);
    await ageSession(desk, member, 15 * 60 + 1);
    expect((await administrator.open("/profile")).path).toMatch(/^\/sign-in/);
    expect((await member.open("/profile")).path).toBe("/profile");

    await save({ [EVERYBODY]: "15 minutes", [ADMINISTRATORS]: "90 days" });
    await ada.visitor.open("/profile");
    expect(hint(ada.visitor)).toContain("Your organisation allows at most 15 minutes");
    const again = await signIn(desk, ada);
    await ageSession(desk, again, 15 * 60 + 1);
    expect((await again.open("/profile")).path).toMatch(/^\/sign-in/);
  });
});

describe("who needs two-factor authentication", () => {
  it("changed to everyone takes who put it off to enrolment with their next click, and at each sign-in until they have", async () => {
    await save({ "Two-factor authentication": "Optional" });
    const passwordHash = await desk.desk.passwords.hash(grace.password);
    await desk.db.query(
      "insert into people (email, first_name, last_name, password_hash) values ('joan@example.com', 'Joan', 'Clarke', $1)",
      [passwordHash],
    );
    const joan = new Visitor(desk.origin);
    const enter = async () =>
      (await joan.open("/sign-in"))
        .fill("Email", "joan@example.com")
        .fill("Password", grace.password)
        .press("Sign in");
    await enter();
    await joan.press("Not now");
    expect(joan.path).toBe("/profile");
    await save({ "Two-factor authentication": "Everyone (recommended)" });
    expect((await joan.open("/profile")).path).toBe("/two-factor/enrol");
    expect(joan.hasButton("Not now")).toBe(false);
    await joan.press("Sign in as someone else");
    await enter();
    expect(joan.path).toBe("/two-factor/enrol");
    await enrol(desk, joan, "joan@example.com");
    expect(joan.path).toBe("/profile");
  });
});

describe("somebody without two-factor authentication who is made an administrator", () => {
  it("enrols with their next click where administrators need it", async () => {
    await save({ "Two-factor authentication": "Administrators" });
    const { rows } = await desk.db.query(
      "insert into people (email, first_name, last_name, password_hash) values ('mary@example.com', 'Mary', 'Jackson', $1) returning id",
      [await desk.desk.passwords.hash(grace.password)],
    );
    const mary = await givePassword({ ...grace, email: "mary@example.com" }, new Visitor(desk.origin));
    await mary.press("Not now");
    expect(mary.path).toBe("/profile");
    const page = await ada.visitor.tab().open(`/admin/people/${rows[0].id}/roles`);
    await page.fill("Role", "administrator").press("Save Changes");
    expect(page.text).toContain("Saved: Roles.");
    for (const path of ["/admin/people", "/profile"]) {
      expect([path, (await mary.open(path)).path]).toEqual([path, "/two-factor/enrol"]);
    }
    await enrol(desk, mary, "mary@example.com");
    expect((await mary.open("/admin/people")).path).toBe("/admin/people");
  });
});

describe("a role for applications", () => {
  const add = async (name: string) =>
    (await ada.visitor.tab().open("/admin/settings")).fill("Name", name).press("Add role");

  it("is added, trimmed, and stands in the trail", async () => {
    const page = await add("  blog: editor-in_chief 2.0 ");
    expect(page.text).toContain("Added: the role blog: editor-in_chief 2.0.");
    expect((await entries("role.created")).at(-1)).toEqual({ name: "blog: editor-in_chief 2.0" });
    expect((await desk.db.query("select name from roles")).rows).toEqual([
      { name: "blog: editor-in_chief 2.0" },
    ]);
  });

  it.each([
    ["", "Enter a name for the role"],
    ["   ", "Enter a name for the role"],
    ["a".repeat(51), "Use at most 50 characters: this has 51"],
    ["a,b", "Use the letters A to Z, digits"],
    ["<b>", "Use the letters A to Z, digits"],
    ["éditeur", "Use the letters A to Z, digits"],
    ["a\tb", "Use the letters A to Z, digits"],
    ["Administrator", "one of Latchkey’s own roles"],
    ["member", "one of Latchkey’s own roles"],
    ["api access ONLY", "one of Latchkey’s own roles"],
  ])("called %j is refused, kept as typed", async (name, message) => {
    const page = await add(name);
    expect(page.status).toBe(422);
    expect(page.errors.name).toContain(message);
    expect(page.value("Name")).toBe(name);
    expect((await desk.db.query("select name from roles")).rows).toEqual([]);
  });

  it("is one in whatever case, also when twenty add it at once", async () => {
    const page = await ada.visitor.tab().open("/admin/settings");
    const { fields } = page.fieldsOf("Add role");
    const before = (await entries("role.created")).length;
    const tabs = Array.from({ length: 20 }, () => page.tab());
    await Promise.all(
      tabs.map((tab, i) =>
        tab.post("/admin/settings/roles", { ...fields, name: i % 2 ? "Editor" : "editor" }),
      ),
    );
    expect(tabs.filter((tab) => tab.status === 200)).toHaveLength(1);
    expect(tabs.filter((tab) => tab.status === 422)).toHaveLength(19);
    const { rows } = await desk.db.query("select name from roles");
    expect(rows).toHaveLength(1);
    expect((await add("EDITOR")).errors.name).toBe(
      `There is a role ${rows[0].name} already: choose another name`,
    );
    expect(await entries("role.created")).toHaveLength(before + 1);
  });

  it("is deleted after asking, and taken off everybody; who had no other becomes a member", async () => {
    await add("editor");
    await add("author");
    await desk.db.query("update people set roles = '{member,editor}' where email = 'grace@example.com'");
    await desk.db.query(
      "insert into people (email, first_name, last_name, password_hash, roles) values ('only@example.com', 'O', 'N', 'x', '{editor}')",
    );
    await desk.db.query(
      "insert into service_accounts (name, purpose, responsible_id, roles) select 'robot', 'x', id, '{editor,author}' from people where email = 'ada@example.com'",
    );
    const page = await ada.visitor.tab().open("/admin/settings");
    await page.follow("Delete the role editor");
    expect(page.text).toContain("2 people and 1 service account");
    const { fields } = page.fieldsOf("Delete role");
    const before = (await entries("role.deleted")).length;
    const twins = [page.tab(), page.tab()];
    await page.press("Delete role");
    expect(page.text).toContain("Deleted: the role editor. It was taken off 2 people and 1 service account.");
    await Promise.all(twins.map((twin) => twin.post("/admin/settings/roles/delete", fields)));
    expect(twins.map((twin) => twin.status)).toEqual([200, 200]);
    const { rows } = await desk.db.query(
      "select email, roles from people where email in ('grace@example.com', 'only@example.com') order by email",
    );
    expect(rows.map((row) => row.roles)).toEqual([["member"], ["member"]]);
    expect((await desk.db.query("select roles from service_accounts")).rows).toEqual([{ roles: ["author"] }]);
    expect((await desk.db.query("select name from roles")).rows).toEqual([{ name: "author" }]);
    expect((await entries("role.deleted")).slice(before)).toEqual([
      { name: "editor", people: 2, serviceAccounts: 1 },
    ]);
  });

  it("that is deleted stands in the trail of everybody who had it, with what they have now", async () => {
    await add("billing");
    await desk.db.query("update people set roles = '{member,billing}' where email = 'grace@example.com'");
    const page = await ada.visitor.tab().open("/admin/settings/roles/delete?name=billing");
    await page.press("Delete role");
    expect((await entries("person.changed")).at(-1)).toEqual({
      roles: { from: ["member", "billing"], to: ["member"] },
    });
    const visitor = await signIn(desk, grace);
    await visitor.open("/profile/activity");
    expect(visitor.text).toContain("Roles: member, billing → member");
  });

  it("is still there to delete after the password had to be confirmed in between", async () => {
    await add("billing");
    const page = await (await signIn(desk, ada)).open("/admin/settings/roles/delete?name=billing");
    desk.moveClock(601);
    await page.press("Delete role");
    await page.fill("Password", ada.password).press("Confirm");
    expect(page.path).toBe("/admin/settings/roles/delete?name=billing");
    await page.press("Delete role");
    expect(page.text).toContain("Deleted: the role billing.");
    ada.visitor = page;
  });

  it("is deleted at the same moment as people who have it are reset, without either failing, 6 rounds", async () => {
    const page = (await signIn(desk, ada)).tab();
    const _csrf = (await page.open("/profile")).hidden("_csrf");
    for (let round = 0; round < 6; round++) {
      const role = `role-${round}`;
      await desk.db.query("insert into roles values ($1)", [role]);
      const { rows } = await desk.db.query(
        `with p as (
           insert into people (email, first_name, last_name, roles, password_hash)
           select $1 || n || '@example.com', 'A', 'B', array['member', $1], 'x' from generate_series(1, 45) n
           order by random() returning id)
         insert into second_factors (person_id, sealed_secret) select id, 'x' from p returning person_id as id`,
        [role],
      );
      const ticked = Object.fromEntries(rows.map(({ id }) => [`person-${id}`, "yes"]));
      const answers = await Promise.all([
        page.tab().post("/admin/people/reset-two-factor", { _csrf, reason: "lost", ...ticked }),
        page.tab().post("/admin/settings/roles/delete", { _csrf, name: role }),
      ]);
      expect([round, ...answers.map(({ status }) => status)]).toEqual([round, 200, 200]);
    }
  });

  it("deleted while it is given to somebody is not left behind with them, 20 rounds", async () => {
    const { rows } = await desk.db.query("select id from people where email = 'grace@example.com'");
    const address = `/admin/people/${rows[0].id}/roles`;
    for (let round = 0; round < 20; round++) {
      await desk.db.query("update people set roles = '{member}' where email = 'grace@example.com'");
      await desk.db.query("insert into roles (name) values ('editor')");
      const giving = await ada.visitor.tab().open(address);
      const given = { ...giving.fieldsOf("Save Changes").fields, "role-editor": "on" };
      const deleting = await ada.visitor.tab().open("/admin/settings/roles/delete?name=editor");
      const { fields } = deleting.fieldsOf("Delete role");
      await Promise.all([giving.post(address, given), deleting.post("/admin/settings/roles/delete", fields)]);
      expect([200, 409]).toContain(giving.status);
      expect(deleting.status).toBe(200);
      const left = await desk.db.query("select roles from people where email = 'grace@example.com'");
      expect(left.rows).toEqual([{ roles: ["member"] }]);
    }
  });

  it("cannot be one of Latchkey's own when deleting: nobody loses it", async () => {
    const token = (await ada.visitor.tab().open("/admin/settings")).hidden("_csrf");
    const page = await ada.visitor
      .tab()
      .post("/admin/settings/roles/delete", { _csrf: token, name: "administrator" });
    expect(page.text).toContain("There is no such role any more");
    expect((await ada.visitor.tab().open("/admin/settings")).status).toBe(200);
  });
});
