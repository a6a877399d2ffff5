import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, givePassword, type Known, setUp, signIn } from "../support/people";
import { Visitor } from "../support/visitor";

let desk: TestDesk;
let ada: Known;
let grace: Known;
let graceId: string;
beforeAll(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
  grace = await addPerson(desk, "grace@example.com");
  graceId = await idOf("grace@example.com");
});
afterAll(() => desk.close());

async function idOf(email: string): Promise<string> {
  const { rows } = await desk.db.query("select id from people where email = $1", [email]);
  return rows[0].id;
}

async function personRow(email: string) {
  const { rows } = await desk.db.query(
    "select roles, deactivated_at, first_name, phone_number, session_timeout, email from people where email = $1",
    [email],
  );
  return rows[0];
}

async function trailOf(id: string, action: string): Promise<Record<string, unknown>[]> {
  const { rows } = await desk.db.query(
    "select details from trail where subject_id = $1 and action = $2 order by id",
    [id, action],
  );
  return rows.map((row) => row.details);
}

async function mailsTo(email: string): Promise<number> {
  const { rows } = await desk.db.query("select count(*)::int as count from mail where recipient = $1", [
    email,
  ]);
  return rows[0].count;
}

/** Names in the list on the page. */
function listed(visitor: Visitor): string[] {
  const $ = visitor.$;
  return $("tbody td:first-child a")
    .toArray()
    .map((a) => $(a).text());
}

/** The page of one person, or one below it. */
const open = (id: string, below = "", visitor = ada.visitor) =>
  visitor.tab().open(`/admin/people/${id}${below}`);

/** Somebody new, active and enrolled only by rows: enough to be administered. */
async function addRow(email: string, roles = ["member"], name = ["Some", "Body"]): Promise<string> {
  const { rows } = await desk.db.query(
    `insert into people (email, first_name, last_name, roles, password_hash)
     select $1, $3, $4, $2, password_hash from people where email = 'ada@example.com' returning id`,
    [email, roles, name[0], name[1]],
  );
  await desk.db.query("insert into second_factors (person_id, sealed_secret) values ($1, 'x')", [rows[0].id]);
  return rows[0].id;
}

describe("the list of people", () => {
  it("finds by any part of name or email in any case, also by several words in any order", async () => {
    await addRow("k.johnson@nasa.example", ["member"], ["Katherine", "Johnson"]);
    await addRow("a@umlaut.example", ["member"], ["Ægir", "Ärger"]);
    for (const q of ["Ärger", "ärger", "ÆGIR"]) {
      const page = await ada.visitor.tab().open(`/admin/people?q=${encodeURIComponent(q)}`);
      expect([q, listed(page)]).toEqual([q, ["Ægir Ärger"]]);
    }
    for (const q of ["JOHNS", "nasa.ex", "therine", "johnson kath", "  Katherine  Johnson "]) {
      const page = await ada.visitor.tab().open(`/admin/people?q=${encodeURIComponent(q)}`);
      expect([q, listed(page)]).toEqual([q, ["Katherine Johnson"]]);
    }
  });

  it("finds one or two letters where a name or email begins, also of a second given name", async () => {
    await addRow("zeno@example.com", ["member"], ["Mary Ann", "Quill"]);
    await addRow("li@example.com", ["member"], ["明", "李"]);
    const found = async (q: string) =>
      listed(await ada.visitor.tab().open(`/admin/people?q=${encodeURIComponent(q)}`));
    for (const q of ["qu", "Q", "AN", "ma", "ze", "q m"])
      expect([q, await found(q)]).toEqual([q, ["Mary Ann Quill"]]);
    for (const q of ["李", "明", "李 明"]) expect([q, await found(q)]).toEqual([q, ["明 李"]]);
    expect(await found("ui")).toEqual([]);
  });

  it.each(["%", "_", "\\", "100% nobody", "'; drop table people; --"])(
    "takes %j as what it is, and says what to do when nobody fits",
    async (q) => {
      const page = await ada.visitor.tab().open(`/admin/people?q=${encodeURIComponent(q)}`);
      expect(page.status).toBe(200);
      expect(listed(page)).toEqual([]);
      expect(page.text).toContain("Nobody fits this search");
      await page.follow("Show everybody");
      expect(listed(page)).toContain("Ada Lovelace");
    },
  );

  it("says how many invitations are open, for whoever looks for somebody who has not joined yet", async () => {
    const form = await ada.visitor.tab().open("/admin/people/invite");
    await form.fill("Email", "soon@example.com").press("Send invitation");
    const page = await ada.visitor.tab().open("/admin/people?q=soon");
    expect(page.text).toContain("have not joined yet are among the open invitations");
    await page.follow("1 open invitation");
    expect(page.text).toContain("soon@example.com");
    await desk.db.query("delete from links");
  });

  it("filters by role and by the state of the account", async () => {
    const gone = await addRow("gone@example.com", ["member", "billing"], ["Gone", "Away"]);
    await desk.db.query("update people set deactivated_at = now() where id = $1", [gone]);
    const plain = await addRow("plain@example.com", ["API access only"], ["Plain", "Password"]);
    await desk.db.query("delete from second_factors where person_id = $1", [plain]);
    const names = async (query: string) => listed(await ada.visitor.tab().open(`/admin/people?${query}`));
    expect(await names("role=administrator")).toEqual(["Ada Lovelace"]);
    expect(await names("role=API+access+only")).toEqual(["Plain Password"]);
    expect(await names("role=billing")).toEqual(["Gone Away"]);
    expect(await names("status=deactivated")).toEqual(["Gone Away"]);
    expect(await names("status=without-two-factor")).toEqual(["Plain Password"]);
    expect(await names("status=active")).not.toContain("Gone Away");
    await desk.db.query("insert into second_factors (person_id, sealed_secret) values ($1, 'x')", [plain]);
    expect(await names("status=without-two-factor")).toEqual([]);
    expect(await names("status=active&q=a&role=administrator")).toEqual(["Ada Lovelace"]);
  });

  it("turns pages forward to the last and back to the first, each person once, also people of one name", async () => {
    await desk.db.query(
      `insert into people (email, first_name, last_name, password_hash)
       select 'turn' || n || '@turn.example', 'Same', 'Name', 'x' from generate_series(1, 120) n`,
    );
    const page = await ada.visitor.tab().open("/admin/people?q=turn.example");
    const ids = () =>
      page
        .$("tbody td:first-child a")
        .toArray()
        .map((a) => page.$(a).attr("href"));
    const forward = [ids()];
    expect(page.text).not.toContain("Previous page");
    while (page.text.includes("Next page")) {
      await page.follow("Next page");
      forward.push(ids());
    }
    expect(forward.map((one) => one.length)).toEqual([50, 50, 20]);
    expect(new Set(forward.flat()).size).toBe(120);
    await page.follow("Previous page");
    expect(ids()).toEqual(forward[1]);
    await page.follow("Last page");
    expect(ids()).toEqual(forward.flat().slice(-50));
    expect(page.text).not.toContain("Next page");
    await page.follow("Previous page");
    await page.follow("Previous page");
    expect(ids()).toEqual(forward.flat().slice(0, 20));
    expect(page.text).not.toContain("First page");
    await desk.db.query("delete from people where email like '%turn.example'");
  });

  it.each([
    "after=x",
    "before=%27",
    "status=nonsense",
    "page=9",
    "role=nobody",
    "after=00000000-0000-0000-0000-000000000000",
  ])("survives the made-up address ?%s", async (query) => {
    expect((await ada.visitor.tab().open(`/admin/people?${query}`)).status).toBe(200);
  });

  it("leads to the invitation, which no person's page takes for somebody", async () => {
    const page = await ada.visitor.tab().open("/admin/people");
    await page.press("Invite");
    expect(page.path).toContain("/admin/people/invite");
    expect(page.status).toBe(200);
  });
});

describe("a person's details", () => {
  it("are saved by the rules of the profile, and the trail says what changed", async () => {
    const page = await open(graceId);
    await page.fill("Phone Number", "555 ext 1").fill("First Name", "").press("Save Changes");
    expect(page.status).toBe(422);
    expect(page.errors).toEqual({
      firstName: "Enter their first name",
      phoneNumber: "Write the extension as x5678, without 'ext'",
    });
    await page
      .fill("Phone Number", "555 x1")
      .fill("First Name", "Grace B.")
      .fill("Session Timeout", "8 hours");
    await page.press("Save Changes");
    expect(page.text).toContain("Saved: First Name, Phone Number, and Session Timeout.");
    expect(await personRow("grace@example.com")).toMatchObject({
      first_name: "Grace B.",
      session_timeout: 28800,
    });
    expect(await trailOf(graceId, "person.changed")).toEqual([
      {
        firstName: { from: "Grace", to: "Grace B." },
        phoneNumber: { from: "", to: "555 x1" },
        sessionTimeout: { from: 1800, to: 28800 },
      },
    ]);
  });

  it("are refused with both versions when they were saved since", async () => {
    const page = await open(graceId);
    await grace.visitor.open("/profile");
    await grace.visitor.fill("First Name", "Amazing Grace").press("Save Changes");
    await page.fill("Phone Number", "1").press("Save Changes");
    expect(page.status).toBe(409);
    expect(page.errors.firstName).toBe("First Name is now: Amazing Grace");
    expect((await personRow("grace@example.com")).first_name).toBe("Amazing Grace");
  });

  it("never hold the email or the roles, whatever a form sends", async () => {
    const page = await open(graceId);
    const { action, fields } = page.fieldsOf("Save Changes");
    await page.post(action, {
      ...fields,
      email: "new@example.com",
      roles: "administrator",
      role: "administrator",
    });
    expect(await personRow("grace@example.com")).toMatchObject({
      email: "grace@example.com",
      roles: ["member"],
    });
  });

  it.each(["nobody", "00000000-0000-0000-0000-000000000000", "%00", "%27"])(
    "are not found for %s",
    async (id) => {
      expect([400, 404]).toContain((await open(id)).status);
      expect([400, 404]).toContain((await open(id, "/deactivate")).status);
    },
  );
});

describe("one's own page", () => {
  it("leads to the profile, and no form of it changes one's own account", async () => {
    const id = await idOf("ada@example.com");
    const page = await open(id);
    expect(page.text).toContain("This is you");
    expect(page.hasButton("Save Changes")).toBe(false);
    const other = await open(graceId);
    const before = await desk.db.query("select * from people order by id");
    for (const below of ["", "/roles", "/reset-two-factor", "/end-sessions", "/api-key/revoke"]) {
      const form = {
        ...other.fieldsOf("Save Changes").fields,
        role: "member",
        was: "administrator",
        reason: "x",
      };
      await other.post(`/admin/people/${id}${below}`, form);
      expect([below, other.status]).toEqual([below, 403]);
      await other.open(`/admin/people/${graceId}`);
    }
    expect((await desk.db.query("select * from people order by id")).rows).toEqual(before.rows);
    expect((await ada.visitor.open("/admin/people")).status).toBe(200);
  });

  it("does not deactivate the last administrator", async () => {
    const page = await open(await idOf("ada@example.com"));
    await page.press("Deactivate");
    await page.press("Deactivate");
    expect(page.status).toBe(409);
    expect(page.text).toContain("the last active administrator");
    expect((await personRow("ada@example.com")).deactivated_at).toBeNull();
  });
});

describe("roles", () => {
  it("are given one of Latchkey's own and any of the applications', and kept in the trail", async () => {
    await desk.db.query("insert into roles (name) values ('billing'), ('x=1 & y') on conflict do nothing");
    const page = await open(graceId);
    await page.press("Change roles");
    page.tick("billing").tick("x=1 & y");
    const { action, fields } = page.fieldsOf("Save Changes");
    await page.post(action, { ...fields, role: "API access only", "role-made-up": "yes" });
    expect(page.text).toContain("Saved: Roles.");
    expect((await personRow("grace@example.com")).roles.sort()).toEqual([
      "API access only",
      "billing",
      "x=1 & y",
    ]);
    await page.post(action, { ...fields, role: "API access only" });
    expect(page.text).toContain("Nothing was changed");
  });

  it("are refused when they changed since the form was drawn, and when there is no such role", async () => {
    const page = await open(graceId, "/roles");
    const { action, fields } = page.fieldsOf("Save Changes");
    await desk.db.query("update people set roles = '{member}' where id = $1", [graceId]);
    await page.post(action, { ...fields, role: "administrator" });
    expect(page.status).toBe(409);
    await page.post(action, { ...fields, role: "owner" });
    expect(page.status).toBe(422);
    expect((await personRow("grace@example.com")).roles).toEqual(["member"]);
  });

  it("taken from an administrator take effect at their very next request", async () => {
    const edith = await addPerson(desk, "edith@example.com", ["administrator"]);
    expect((await edith.visitor.open("/admin/people")).status).toBe(200);
    const page = await open(await idOf("edith@example.com"), "/roles");
    await page.fill("Role", "member").press("Save Changes");
    expect((await edith.visitor.open("/admin/people")).path).toMatch(/^\/sign-in/);
    const again = await signIn(desk, edith);
    expect((await again.open("/admin/people")).status).toBe(403);
  });
});

describe("resetting two-factor authentication", () => {
  it("needs a reason, and then the person is signed out, written to and enrols at next sign-in", async () => {
    const hedy = await addPerson(desk, "hedy@example.com");
    const id = await idOf("hedy@example.com");
    const page = await open(id);
    await page.press("Reset Two-Factor Authentication");
    expect(page.errors.reason).toBe("Enter the reason, for the record");
    expect(page.status).toBe(422);
    await page.fill("Reason", "Phone lost, called back").press("Reset Two-Factor Authentication");
    expect(page.text).toContain("Two-factor authentication is reset");
    expect(await trailOf(id, "second-factor.reset")).toEqual([{ reason: "Phone lost, called back" }]);
    expect(await mailsTo("hedy@example.com")).toBe(1);
    expect((await hedy.visitor.open("/profile")).path).toMatch(/^\/sign-in/);
    expect((await givePassword(hedy, new Visitor(desk.origin))).path).toBe("/two-factor/enrol");
    const { rows } = await desk.db.query("select from recovery_codes where person_id = $1", [id]);
    expect(rows).toHaveLength(0);
  });

  it("does it once when the form is sent twice at the same moment", async () => {
    const id = await addRow("twice@example.com");
    const page = await open(id);
    const { action, fields } = page.fieldsOf("Reset Two-Factor Authentication");
    const send = () => page.tab().post(action, { ...fields, reason: "lost" });
    const tabs = await Promise.all([send(), send(), send()]);
    expect(tabs.map((tab) => tab.status)).toEqual([200, 200, 200]);
    expect(await trailOf(id, "second-factor.reset")).toHaveLength(1);
    expect(await mailsTo("twice@example.com")).toBe(1);
  });

  it("does it for several chosen in the list at once, never for oneself", async () => {
    const ids = [
      await addRow("one@several.example", ["member"], ["One", "Several"]),
      await addRow("two@several.example", ["member"], ["Two", "Several"]),
    ];
    const own = await idOf("ada@example.com");
    const page = await ada.visitor.tab().open("/admin/people?q=several.example");
    page.tick("Choose One Several").tick("Choose Two Several");
    const { action, fields } = page.fieldsOf("Reset Two-Factor Authentication");
    expect(Object.keys(fields).sort()).toEqual(ids.map((id) => `person-${id}`).sort());
    await page.open(`${action}?${new URLSearchParams({ ...fields, [`person-${own}`]: "yes" })}`);
    expect(page.text).toContain("one@several.example");
    expect(page.text).not.toContain("ada@example.com");
    await page.press("Reset Two-Factor Authentication");
    expect(page.status).toBe(422);
    expect(page.text).toContain("two@several.example");
    const form = page.fieldsOf("Reset Two-Factor Authentication");
    await page.post(form.action, { ...form.fields, reason: "stolen bag", [`person-${own}`]: "yes" });
    expect(page.text).toContain("Two-factor authentication is reset for 2 people");
    for (const id of ids)
      expect(await trailOf(id, "second-factor.reset")).toEqual([{ reason: "stolen bag" }]);
    expect((await ada.visitor.open("/profile")).path).toBe("/profile");
  });

  it("never does it for oneself, however the id is written", async () => {
    const visitor = await signIn(desk, ada);
    const id = await idOf("ada@example.com");
    const _csrf = (await visitor.open("/profile")).hidden("_csrf");
    await visitor.post("/admin/people/reset-two-factor", {
      _csrf,
      reason: "x",
      [`person-${id.toUpperCase()}`]: "yes",
    });
    expect(visitor.text).toContain("Nothing was changed");
    expect((await visitor.open("/profile")).path).toBe("/profile");
  });

  it("keeps who was ticked when the password has to be confirmed in between", async () => {
    const id = await addRow("ticked@example.com");
    const visitor = await signIn(desk, ada);
    await visitor.open(`/admin/people/reset-two-factor?person-${id}=yes`);
    visitor.fill("Reason", "lost phone");
    desk.moveClock(601);
    await visitor.press("Reset Two-Factor Authentication");
    await visitor.fill("Password", ada.password).press("Confirm");
    await visitor.fill("Reason", "lost phone").press("Reset Two-Factor Authentication");
    expect(visitor.text).toContain("Two-factor authentication is reset for 1 person.");
    ada.visitor = visitor;
  });

  it("is not offered in a list where nobody can be chosen", async () => {
    for (const [q, offered] of [
      ["ada@example.com", false],
      ["grace@example.com", true],
    ] as const) {
      const page = await ada.visitor.tab().open(`/admin/people?q=${q}`);
      expect(listed(page)).toHaveLength(1);
      expect(page.hasButton("Reset Two-Factor Authentication")).toBe(offered);
      expect(page.text.includes("Choose")).toBe(offered);
    }
  });

  it("says so when nobody is chosen", async () => {
    const page = await ada.visitor.tab().open("/admin/people/reset-two-factor");
    expect(page.text).toContain("Nobody is chosen");
    expect(page.hasButton("Reset Two-Factor Authentication")).toBe(false);
  });
});

describe("sessions and the key of somebody", () => {
  it("are ended", async () => {
    const mary = await addPerson(desk, "mary@example.com");
    const page = await open(await idOf("mary@example.com"), "/end-sessions");
    await page.press("Sign out everywhere");
    expect(page.text).toContain("They are signed out everywhere.");
    expect((await mary.visitor.open("/profile")).path).toMatch(/^\/sign-in/);
    const before = await desk.db.query("select count(*) from trail");
    await page.open(`/admin/people/${await idOf("mary@example.com")}/end-sessions`);
    await page.press("Sign out everywhere");
    expect(page.text).toContain("They were signed in nowhere.");
    expect((await desk.db.query("select count(*) from trail")).rows).toEqual(before.rows);
  });

  it("the key is revoked with the next check, and a form sent twice revokes nothing newer", async () => {
    const joan = await addPerson(desk, "joan@example.com");
    const id = await idOf("joan@example.com");
    const key = async () => {
      await joan.visitor.open("/profile");
      return (await joan.visitor.press("Generate API Key")).value("API key");
    };
    const check = async (secret: string) =>
      (await fetch(`${desk.origin}/v1/authentication/verify`, { headers: { "x-api-key": secret } })).status;
    const first = await key();
    expect(await check(first)).toBe(200);
    const page = await open(id);
    await page.press("Revoke");
    const { fields } = page.fieldsOf("Revoke");
    await page.press("Revoke");
    expect(page.text).toContain("is revoked");
    expect(await check(first)).toBe(401);
    const second = await key();
    await page.post(`/admin/people/${id}/api-key/revoke`, fields);
    expect(page.status).toBe(409);
    expect(await check(second)).toBe(200);
    expect(await trailOf(id, "api-key.revoked")).toHaveLength(1);
    await (await open(id)).press("Deactivate").then((asked) => asked.press("Deactivate"));
    expect(await check(second)).toBe(401);
  });
});

describe("deactivating", () => {
  it("signs somebody out and keeps them out, until they are reactivated without their old session", async () => {
    const ruth = await addPerson(desk, "ruth@example.com");
    const page = await open(await idOf("ruth@example.com"));
    await (await page.press("Deactivate")).press("Deactivate");
    expect(page.text).toContain("Deactivated.");
    expect((await ruth.visitor.open("/profile")).path).toMatch(/^\/sign-in/);
    expect((await givePassword(ruth, new Visitor(desk.origin))).path).toMatch(/^\/sign-in/);
    const id = await idOf("ruth@example.com");
    const sessions = () => desk.db.query("select from sessions where person_id = $1", [id]);
    expect((await sessions()).rows).toHaveLength(0);
    // As if a sign-in had been under way at that moment.
    await desk.db.query(
      "insert into sessions (sid, sess, expire, person_id, stage) values ('late', '{}', now() + interval '1 day', $1, 'signed-in')",
      [id],
    );
    await page.press("Reactivate");
    expect(page.text).toContain("Reactivated.");
    expect((await sessions()).rows).toHaveLength(0);
    expect((await ruth.visitor.open("/profile")).path).toMatch(/^\/sign-in/);
    expect((await signIn(desk, ruth)).path).toBe("/profile");
    expect(await trailOf(id, "person.deactivated")).toHaveLength(1);
    expect(await trailOf(id, "person.reactivated")).toHaveLength(1);
  });

  it("given up while the password is asked again leads back to where one came from", async () => {
    const id = await addRow("undecided@example.com");
    const visitor = await signIn(desk, ada);
    desk.moveClock(601);
    const from = { referer: `${desk.origin}/admin/people/${id}` };
    const asked = await visitor.raw(`/confirm-password?return=/admin/people/${id}/deactivate`, {
      headers: from,
    });
    visitor.html = asked.body;
    expect(visitor.fieldsOf("Cancel").action).toBe(`/admin/people/${id}`);
    await visitor.fill("Password", "wrong").press("Confirm");
    expect([visitor.status, visitor.fieldsOf("Cancel").action]).toEqual([422, `/admin/people/${id}`]);
    await visitor.fill("Password", ada.password).press("Confirm");
    expect(visitor.path).toBe(`/admin/people/${id}/deactivate`);
    ada.visitor = visitor;
  });

  it("leaves their key to be revoked, so that it does not come back with them", async () => {
    const id = await addRow("leaked@example.com");
    await desk.db.query("insert into api_keys (id, person_id, hash) values ('leaked00', $1, sha256('x'))", [
      id,
    ]);
    const page = await open(id, "/deactivate");
    await page.press("Deactivate");
    expect(page.text).toContain("their API key lkleaked00 is refused");
    await page.press("Revoke");
    await page.press("Revoke");
    expect(page.text).toContain("Their API key lkleaked00 is revoked.");
    await page.press("Reactivate");
    expect(page.text).toContain("They have no API key.");
  });

  it("asks for a successor when they are responsible for service accounts", async () => {
    const id = await addRow("owner@example.com");
    await addRow("heir@example.com");
    await desk.db.query(
      "insert into service_accounts (name, purpose, responsible_id) values ('backup', 'nightly', $1)",
      [id],
    );
    const page = await open(id, "/deactivate");
    await page.press("Deactivate");
    expect(page.errors.successor).toContain("takes over their service accounts");
    for (const email of ["owner@example.com", "gone@example.com", "nobody@example.com"]) {
      await page.fill("Successor's email", email).press("Deactivate");
      expect(page.status).toBe(422);
      expect(page.value("Successor's email")).toBe(email);
    }
    expect((await personRow("owner@example.com")).deactivated_at).toBeNull();
    await page.fill("Successor's email", "HEIR@example.com").press("Deactivate");
    expect(page.text).toContain("Deactivated.");
    const { rows } = await desk.db.query("select responsible_id from service_accounts where name = 'backup'");
    expect(rows[0].responsible_id).toBe(await idOf("heir@example.com"));
  });
});

describe("a way back in that an administrator gives", () => {
  it.each(["/end-sessions", "/password-link", "/reset-two-factor"])(
    "says at %s that an API key keeps working",
    async (below) => {
      expect((await open(graceId, below)).text).toContain("API key keeps working");
    },
  );

  it("says for several people that their API keys do", async () => {
    const page = await ada.visitor.tab().open(`/admin/people/reset-two-factor?person-${graceId}=yes`);
    expect(page.text).toContain("API keys keep working");
  });
});

describe("a link for a new password", () => {
  it("is shown once to the administrator, told to the person, and leads to a new password but not past the code", async () => {
    const lost = await addPerson(desk, "lost@example.com");
    const page = await open(await idOf(lost.email));
    await page.press("Give a link for a new password");
    await page.press("Make link");
    expect(page.status).toBe(422);
    expect(page.errors.reason).toBe("Enter the reason, for the record");
    const form = page.fill("Reason", "called me").fieldsOf("Make link");
    await page.press("Make link");
    expect(page.headers.get("cache-control")).toBe("no-store");
    const link = page.value("Link");
    const again = await page.tab().post(form.action, form.fields);
    expect(again.status).toBe(409);
    expect(again.text).toContain("No other link was made: this form was sent before");

    const visitor = await new Visitor(desk.origin).open(link);
    await visitor.fill("New password", "Another-Harbour-43").press("Save password");
    const back = await givePassword({ ...lost, password: "Another-Harbour-43" }, new Visitor(desk.origin));
    expect(back.path).toBe("/sign-in/two-factor");
    expect((await lost.visitor.open("/profile")).path).toMatch(/^\/sign-in/);
    expect(await trailOf(await idOf(lost.email), "password.reset-asked")).toEqual([{ reason: "called me" }]);
    const token = link.split("token=")[1] ?? "";
    const { rows } = await desk.db.query(
      "select t::text as row from trail t union all select l::text from links l",
    );
    expect(rows.some(({ row }) => row.includes(token))).toBe(false);
    expect(await mailsTo(lost.email)).toBeGreaterThan(0);
  });

  it("made anew ends the one before, and none is made for oneself or somebody deactivated", async () => {
    const id = await addRow("anew@example.com");
    const make = async () => (await open(id, "/password-link")).fill("Reason", "asked").press("Make link");
    const first = (await make()).value("Link");
    const second = (await make()).value("Link");
    expect((await new Visitor(desk.origin).open(first)).text).toContain("A newer link was sent since");
    expect((await new Visitor(desk.origin).open(second)).hasButton("Save password")).toBe(true);
    expect((await open(await idOf("ada@example.com"), "/password-link")).status).toBe(403);
    await desk.db.query("update people set deactivated_at = now() where id = $1", [id]);
    expect((await open(id, "/password-link")).status).toBe(409);
  });
});

describe("a link for a new password that was given", () => {
  it("works on when anybody asks for one by mail, until one of the two is used", async () => {
    const id = await addRow("mailbox-gone@example.com");
    const make = async () => (await open(id, "/password-link")).fill("Reason", "asked").press("Make link");
    const ask = () =>
      new Visitor(desk.origin).post("/forgot-password", { email: "mailbox-gone@example.com" });
    await ask();
    const given = (await make()).value("Link");
    await ask();
    await ask();
    const states = async () => {
      const { rows } = await desk.db.query(
        "select invited_by is not null as given, coalesce(ended_by, 'open') as state from links where person_id = $1 order by created_at",
        [id],
      );
      return rows.map((row) => `${row.given ? "given" : "mailed"} ${row.state}`);
    };
    expect(await states()).toEqual(["mailed replaced", "given open", "mailed replaced", "mailed open"]);
    const visitor = await new Visitor(desk.origin).open(given);
    await visitor.fill("New password", "Another-Harbour-43").press("Save password");
    expect((await states()).slice(2)).toEqual(["mailed replaced", "mailed account-changed"]);
  });
});

describe("a link for a new password that somebody gave who", () => {
  it.each(["is deactivated", "is no administrator any more"])("%s does not work any more", async (fate) => {
    const giver = await addPerson(desk, `giver-${fate.length}@example.com`, ["administrator"]);
    const id = await addRow(`given-${fate.length}@example.com`);
    const make = async () => {
      const form = await open(id, "/password-link", giver.visitor);
      return (await form.fill("Reason", "asked").press("Make link")).value("Link");
    };
    const [before, link] = [await make(), await make()];
    const giverId = await idOf(giver.email);
    if (fate === "is deactivated") await (await open(giverId, "/deactivate")).press("Deactivate");
    else await (await open(giverId, "/roles")).fill("Role", "member").press("Save Changes");
    const page = await new Visitor(desk.origin).open(link);
    expect(page.status).toBe(410);
    expect(page.text).toContain("It was withdrawn");
    expect((await page.open(before)).text).toContain("A newer link was sent since");
  });
});

describe("the last administrator", () => {
  it("remains when two administrators demote or deactivate each other at the same moment, on two replicas, 50 rounds", async () => {
    const eve = await addPerson(desk, "eve@example.com", ["administrator"]);
    const [adaId, eveId] = [await idOf("ada@example.com"), await idOf("eve@example.com")];
    const replica = await desk.replica();
    const sides = [
      { visitor: ada.visitor.tab(), other: eveId },
      { visitor: eve.visitor.tab(), other: adaId },
    ];
    const [left, right] = sides;
    if (!left || !right) throw new Error("There are two sides");
    right.visitor.origin = replica.origin;
    const tokens = await Promise.all(
      sides.map(async ({ visitor }) => (await visitor.tab().open("/profile")).hidden("_csrf")),
    );
    const { rows: sessions } = await desk.db.query("select * from sessions where person_id = any($1)", [
      [adaId, eveId],
    ]);
    const outcomes = new Set<number>();
    for (let round = 0; round < 50; round++) {
      const demote = round % 2 === 0;
      const answers = await Promise.all(
        sides.map(({ visitor, other }, side) =>
          visitor.raw(`/admin/people/${other}/${demote ? "roles" : "deactivate"}`, {
            method: "POST",
            body: new URLSearchParams({
              _csrf: tokens[side] ?? "",
              role: "member",
              was: "administrator",
            }).toString(),
            headers: { "content-type": "application/x-www-form-urlencoded" },
          }),
        ),
      );
      for (const { status } of answers) outcomes.add(status);
      const { rows } = await desk.db.query(
        "select id from people where 'administrator' = any(roles) and deactivated_at is null",
      );
      expect([round, rows.length]).toEqual([round, 1]);
      await desk.db.query(
        "update people set roles = '{administrator}', deactivated_at = null where id = any($1)",
        [[adaId, eveId]],
      );
      for (const row of sessions) {
        await desk.db.query(
          `insert into sessions select * from json_populate_record(null::sessions, $1) on conflict do nothing`,
          [JSON.stringify(row)],
        );
      }
    }
    expect(Math.max(...outcomes)).toBeLessThan(500);
    // Whoever comes second is no administrator any more.
    expect(outcomes).toContain(403);
  });
});

describe("an administrator who is one no more", () => {
  it("changes nothing with a request that was under way, on another replica, 20 rounds", async () => {
    const mallory = await addPerson(desk, "mallory@example.com", ["administrator"]);
    const malloryId = await idOf(mallory.email);
    const friendId = await addRow("friend@example.com");
    const replica = await desk.replica();
    const _csrf = (await ada.visitor.tab().open("/profile")).hidden("_csrf");
    const token = (await mallory.visitor.open("/profile")).hidden("_csrf");
    const far = mallory.visitor.tab();
    far.origin = replica.origin;
    const [session] = (await desk.db.query("select * from sessions where person_id = $1", [malloryId])).rows;
    let refused = 0;
    for (let round = 0; round < 20; round++) {
      const [demoted, promoted] = await Promise.all([
        ada.visitor
          .tab()
          .post(`/admin/people/${malloryId}/roles`, { _csrf, role: "member", was: "administrator" }),
        far.post(`/admin/people/${friendId}/roles`, { _csrf: token, role: "administrator", was: "member" }),
      ]);
      expect([round, demoted.status]).toEqual([round, 200]);
      const order = await desk.db.query(
        "select subject_id from trail where action = 'person.changed' order by id desc limit 1",
      );
      // Either it came first, or not at all.
      expect([round, order.rows[0]?.subject_id]).toEqual([round, malloryId]);
      if (promoted.status === 403) refused += 1;
      await desk.db.query("update people set roles = '{administrator}' where id = $1", [malloryId]);
      await desk.db.query("update people set roles = '{member}' where id = $1", [friendId]);
      await desk.db.query(
        "insert into sessions select * from json_populate_record(null::sessions, $1) on conflict do nothing",
        [JSON.stringify(session)],
      );
    }
    expect(refused).toBeGreaterThan(0);
    await desk.db.query("update people set roles = '{member}' where id = $1", [malloryId]);
  });

  it("does not take another one with them: of two who deactivate each other one stays", async () => {
    const [b, c] = [
      await addPerson(desk, "b@example.com", ["administrator"]),
      await addPerson(desk, "c@example.com", ["administrator"]),
    ];
    const sides = [
      { visitor: b.visitor, other: await idOf(c.email) },
      { visitor: c.visitor, other: await idOf(b.email) },
    ];
    const tokens = await Promise.all(
      sides.map(async ({ visitor }) => (await visitor.open("/profile")).hidden("_csrf")),
    );
    await Promise.all(
      sides.map(({ visitor, other }, i) =>
        visitor.tab().post(`/admin/people/${other}/deactivate`, { _csrf: tokens[i] ?? "" }),
      ),
    );
    const { rows } = await desk.db.query(
      "select email from people where email in ('b@example.com', 'c@example.com') and deactivated_at is null",
    );
    expect(rows).toHaveLength(1);
  });
});
