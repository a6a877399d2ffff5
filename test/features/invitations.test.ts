import { setTimeout as sleep } from "node:timers/promises";
import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, enrol, type Known, setUp, signIn } from "../support/people";
import { Visitor } from "../support/visitor";

let desk: TestDesk;
let ada: Known;
beforeAll(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
});
afterAll(() => desk.close());

const names = ["grace", "joan", "mary", "edith", "radia", "karen", "hedy", "barbara", "frances", "jean"];
let next = 0;
const someone = () => `${names[next % names.length]}${next++}@example.com`;

/** Invites through the page; the answer shows the link. */
async function invite(email: string, role = "member"): Promise<{ page: Visitor; link: string }> {
  const page = await (await ada.visitor.tab().open("/admin/people/invite"))
    .fill("Email", email)
    .fill("Role", role)
    .press("Send invitation");
  return { page, link: page.$("#invitation-link").text() };
}

const REPLACED = "The link this person was sent before no longer works";

const fillIn = (visitor: Visitor, values: Record<string, string> = {}) => {
  const fields = {
    "First Name": "Grace",
    "Last Name": "Hopper",
    Password: "Copper-Lantern-Orbit-7",
    ...values,
  };
  for (const [label, value] of Object.entries(fields)) visitor.fill(label, value);
  return visitor;
};
const join = async (link: string, values: Record<string, string> = {}, visitor = new Visitor(desk.origin)) =>
  fillIn(await visitor.open(link), values).press("Join");

const peopleWith = async (email: string) =>
  (await desk.db.query("select roles, first_name from people where lower(email) = lower($1)", [email])).rows;
const trailOf = async (action: string, email: string) =>
  (await desk.db.query("select * from trail where action = $1 and details->>'email' = $2", [action, email]))
    .rows;
const lettersTo = async (email: string) =>
  (await desk.db.query("select id from mail where recipient = $1", [email])).rows.length;

describe("an invitation", () => {
  it("is shown once and mailed, and leads through joining and enrolment to the profile", async () => {
    const email = someone();
    const { page, link } = await invite(email);
    expect(page.heading).toBe("Invitation made");
    expect(page.text).toContain("This installation sends no mail");
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(link).toMatch(new RegExp(`^${desk.origin}/invitation\\?token=[\\w-]{43}$`));
    expect(await lettersTo(email)).toBe(1);
    expect((await page.press("Done")).html).not.toContain(link.split("=")[1]);

    const grace = await join(link);
    expect(grace.path).toBe("/two-factor/enrol");
    await enrol(desk, grace, email);
    expect(grace.path).toBe("/profile");
    expect(grace.value("Email")).toBe(email);
    expect(grace.value("First Name")).toBe("Grace");
    expect(await peopleWith(email)).toEqual([{ roles: ["member"], first_name: "Grace" }]);
    const [sent] = await trailOf("invitation.sent", email);
    expect(sent.details).toEqual({ email, role: "member" });
    const [accepted] = await trailOf("invitation.accepted", email);
    expect(accepted.actor_kind).toBe("person");
    expect(accepted.subject_id).toBe(accepted.actor_id);
  });

  it("gives the role it was made with, which nobody who joins can change", async () => {
    const [email, other] = [someone(), someone()];
    await join((await invite(email, "API access only")).link);
    expect(await peopleWith(email)).toEqual([{ roles: ["API access only"], first_name: "Grace" }]);
    const { link } = await invite(other);
    const page = await new Visitor(desk.origin).open(link);
    const { fields } = page.fieldsOf("Join");
    await page.post(link, {
      ...fields,
      firstName: "Eve",
      lastName: "Eve",
      password: "Copper-Lantern-Orbit-7",
      role: "administrator",
      roles: "administrator",
      email: "eve@example.com",
    });
    expect(await peopleWith(other)).toEqual([{ roles: ["member"], first_name: "Eve" }]);
    expect(await peopleWith("eve@example.com")).toEqual([]);
  });

  it("is not used up by looking at it, as mail scanners do", async () => {
    const { link } = await invite(someone());
    for (let i = 0; i < 3; i++) expect((await new Visitor(desk.origin).raw(link)).status).toBe(200);
    expect((await new Visitor(desk.origin).raw(link, { method: "HEAD" })).status).toBe(200);
    expect((await join(link)).path).toBe("/two-factor/enrol");
  });

  it("tells everything that is wrong, keeps what was typed but the password, and stays open", async () => {
    const email = someone();
    const { link } = await invite(email);
    const page = await join(link, { "First Name": " ", "Last Name": "<b>Hopper", Password: "short" });
    expect(page.status).toBe(422);
    expect(page.errors.firstName).toBe("Enter your first name");
    expect(page.errors.password).toBe("Use at least 12 characters: this has 5");
    expect(page.value("Last Name")).toBe("<b>Hopper");
    expect(page.html).not.toContain("short");
    await page.fill("First Name", "Grace").fill("Last Name", "Hopper").fill("Password", email).press("Join");
    expect(page.errors.password).toContain("not made of your own name or email");
    expect(await peopleWith(email)).toEqual([]);
    await page.fill("Password", "Copper-Lantern-Orbit-7").press("Join");
    expect(page.path).toBe("/two-factor/enrol");
  });

  it("makes one person, whoever of twenty is first, and says to the others that it was used", async () => {
    for (let round = 0; round < 5; round++) {
      const email = someone();
      const { link } = await invite(email);
      const visitors = Array.from({ length: 20 }, () => new Visitor(desk.origin));
      const other = (await desk.replica()).origin;
      for (const [i, visitor] of visitors.entries()) if (i % 2) visitor.origin = other;
      const path = new URL(link).pathname + new URL(link).search;
      await Promise.all(visitors.map((visitor) => visitor.open(path)));
      await Promise.all(
        visitors.map((visitor, i) => fillIn(visitor, { "First Name": `Grace ${i}` }).press("Join")),
      );
      expect(visitors.filter((visitor) => visitor.path === "/two-factor/enrol")).toHaveLength(1);
      const late = visitors.filter((visitor) => visitor.status === 410);
      expect(late).toHaveLength(19);
      expect(late[0]?.text).toContain("This link was used already");
      expect(await peopleWith(email)).toHaveLength(1);
      expect(await trailOf("invitation.accepted", email)).toHaveLength(1);
    }
  });

  it("says that it was used, and leads to signing in", async () => {
    const { link } = await invite(someone());
    await join(link);
    const again = await new Visitor(desk.origin).open(link);
    expect(again.status).toBe(410);
    expect(again.text).toContain("This link was used already");
    expect((await again.follow("Sign in")).path).toBe("/sign-in");
    // Before anything typed is judged or hashed.
    expect((await again.post(link, { firstName: "" })).status).toBe(410);
  });

  it("lapses after 7 days, not before", async () => {
    const email = someone();
    const { link } = await invite(email);
    const age = (hours: number) =>
      desk.db.query(
        "update links set expires_at = clock_timestamp() + interval '168 hours' - make_interval(hours => $2) where email = $1",
        [email, hours],
      );
    const { rows } = await desk.db.query(
      "select extract(epoch from expires_at - created_at)::int as life from links where email = $1",
      [email],
    );
    expect(rows).toEqual([{ life: 7 * 24 * 3600 }]);
    await age(167);
    expect((await new Visitor(desk.origin).open(link)).status).toBe(200);
    const page = await new Visitor(desk.origin).open(link);
    await age(169);
    expect((await new Visitor(desk.origin).open(link)).text).toContain("This invitation has lapsed");
    await fillIn(page).press("Join");
    expect(page.status).toBe(410);
    expect(await peopleWith(email)).toEqual([]);
    const list = await ada.visitor.tab().open("/admin/people/invite");
    expect(list.text).not.toContain(email);
  });

  it("is replaced by a newer one to the same email in any case, and says so", async () => {
    const email = someone();
    const first = await invite(email);
    expect(first.page.text).not.toContain(REPLACED);
    const second = await invite(email.toUpperCase(), "administrator");
    expect(second.page.text).toContain(REPLACED);
    const old = await new Visitor(desk.origin).open(first.link);
    expect(old.status).toBe(410);
    expect(old.text).toContain("replaced by a newer one");
    await join(second.link);
    expect(await peopleWith(email)).toEqual([{ roles: ["administrator"], first_name: "Grace" }]);
  });

  it("is said to replace one only where that still worked", async () => {
    const [lapsed, used] = [someone(), someone()];
    await invite(lapsed);
    await desk.db.query("update links set expires_at = now() - interval '1 second' where email = $1", [
      lapsed,
    ]);
    await join((await invite(used)).link);
    await desk.db.query("update people set email = $2 where email = $1", [used, someone()]);
    for (const email of [lapsed, used]) {
      const { page } = await invite(email);
      expect([page.heading, page.text.includes(REPLACED)]).toEqual(["Invitation made", false]);
    }
  });

  it("can be withdrawn, after asking, and says so to who opens it", async () => {
    const email = someone();
    const { link } = await invite(email);
    const page = await ada.visitor.tab().open("/admin/people/invite");
    expect(page.text).toContain("Open invitations");
    await page.follow(`Withdraw the invitation to ${email}`);
    const opened = fillIn(await new Visitor(desk.origin).open(link));
    expect(opened.status).toBe(200);
    const twin = page.tab();
    const form = page.fieldsOf("Withdraw").fields;
    await page.press("Withdraw");
    expect(page.text).toContain(`The invitation to ${email} is withdrawn`);
    await twin.post("/admin/people/invite/withdraw", form);
    expect(twin.text).toContain("not open any more, so nothing was changed");
    await twin.open(`/admin/people/invite/withdraw?id=${form.id}`);
    expect([twin.path, twin.hasButton("Withdraw")]).toEqual(["/admin/people/invite", false]);
    expect(twin.text).toContain("not open any more, so nothing was changed");
    expect((await new Visitor(desk.origin).open(link)).text).toContain("This invitation was withdrawn");
    expect(await trailOf("invitation.withdrawn", email)).toHaveLength(1);
    await opened.press("Join");
    expect(opened.status).toBe(410);
    expect(await peopleWith(email)).toEqual([]);
  });

  it("is withdrawn also after the password had to be confirmed in between", async () => {
    const email = someone();
    const { link } = await invite(email);
    const page = (await signIn(desk, ada)).tab();
    await page.open("/admin/people/invite");
    await page.follow(`Withdraw the invitation to ${email}`);
    desk.moveClock(601);
    await page.press("Withdraw");
    await page.fill("Password", ada.password).press("Confirm");
    await page.press("Withdraw");
    expect(page.text).toContain(`The invitation to ${email} is withdrawn`);
    expect((await new Visitor(desk.origin).open(link)).text).toContain("was withdrawn");
    ada.visitor = page;
  });

  it("can be withdrawn however many are open", async () => {
    const email = someone();
    const { link } = await invite(email);
    await desk.db.query(
      `insert into links (hash, purpose, email, expires_at)
       select sha256(n::text::bytea), 'invitation', n || '@many.example', now() + interval '1 day' from generate_series(1, 250) n`,
    );
    const { rows } = await desk.db.query("select id from links where email = $1", [email]);
    const page = await ada.visitor.tab().open(`/admin/people/invite/withdraw?id=${rows[0].id}`);
    await page.press("Withdraw");
    expect((await new Visitor(desk.origin).open(link)).text).toContain("was withdrawn");
    await desk.db.query("delete from links where email like '%@many.example'");
  });

  it.each(["deactivated", "no administrator any more"])(
    "by somebody who is %s is withdrawn with that, if it was open, and the trail says so",
    async (fate) => {
      const inviter = await addPerson(desk, someone(), ["administrator"]);
      const [email, joined, lapsed] = [someone(), someone(), someone()];
      const send = async (to: string) => {
        const form = await inviter.visitor.open("/admin/people/invite");
        await form.fill("Email", to).fill("Role", "administrator").press("Send invitation");
        return form.$("#invitation-link").text();
      };
      const [link, late] = [await send(email), await send(lapsed)];
      await join(await send(joined));
      await desk.db.query("update links set expires_at = now() - interval '1 s' where email = $1", [lapsed]);
      const { rows } = await desk.db.query("select id from people where email = $1", [inviter.email]);
      const page = await ada.visitor
        .tab()
        .open(`/admin/people/${rows[0].id}/${fate === "deactivated" ? "deactivate" : "roles"}`);
      if (fate === "deactivated") {
        expect(page.text).toContain("One open invitation they sent is withdrawn.");
        await page.press("Deactivate");
      } else await page.fill("Role", "member").press("Save Changes");
      expect((await new Visitor(desk.origin).open(link)).text).toContain("was withdrawn");
      expect((await new Visitor(desk.origin).open(late)).text).toContain("This invitation has lapsed");
      for (const [to, withdrawn] of [
        [email, 1],
        [joined, 0],
        [lapsed, 0],
      ] as const)
        expect(await trailOf("invitation.withdrawn", to)).toHaveLength(withdrawn);
      const fields = { firstName: "Sock", lastName: "Puppet", password: "Copper-Lantern-Orbit-7" };
      expect((await new Visitor(desk.origin).post(link, fields)).status).toBe(410);
      expect(await peopleWith(email)).toEqual([]);
    },
  );

  it("withdrawn and accepted at the same moment is one or the other, 20 rounds", async () => {
    for (let round = 0; round < 20; round++) {
      const email = someone();
      const { link } = await invite(email);
      const joining = fillIn(await new Visitor(desk.origin).open(link));
      const page = await (await ada.visitor.tab().open("/admin/people/invite")).follow(
        `Withdraw the invitation to ${email}`,
      );
      // Joining first hashes a password: the two meet when withdrawing waits a little.
      const withdrawing = sleep(round % 10).then(() => page.press("Withdraw"));
      const body = new URLSearchParams(joining.fieldsOf("Join").fields).toString();
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const [answer] = await Promise.all([joining.raw(link, { method: "POST", body, headers }), withdrawing]);
      const joined = (await peopleWith(email)).length;
      const withdrawn = (await trailOf("invitation.withdrawn", email)).length;
      expect(joined + withdrawn).toBe(1);
      expect(answer.status).toBe(joined ? 303 : 410);
    }
  });

  it("sent twice by one form is one invitation, and the link just copied stays good", async () => {
    for (let round = 0; round < 10; round++) {
      const email = someone();
      const page = await ada.visitor.tab().open("/admin/people/invite");
      const { fields } = page.fill("Email", email).fieldsOf("Send invitation");
      const twins = [page.tab(), page.tab(), page.tab(), page.tab()];
      await Promise.all(twins.map((twin) => twin.post("/admin/people/invite", fields)));
      const [sent, ...others] = twins.sort((a, b) => a.status - b.status);
      expect(others.map((twin) => twin.status)).toEqual([409, 409, 409]);
      expect(others[0]?.text).toContain("Nothing was sent: this form was sent before");
      expect(await lettersTo(email)).toBe(1);
      const link = sent?.$("#invitation-link").text() ?? "";
      expect((await new Visitor(desk.origin).open(link)).status).toBe(200);
    }
  });

  it("sent by two administrators at once leaves one link that works", async () => {
    for (let round = 0; round < 20; round++) {
      const email = someone();
      const sent = await Promise.all([invite(email), invite(email), invite(email)]);
      expect(sent.map(({ page }) => page.status)).toEqual([200, 200, 200]);
      const opened = await Promise.all(sent.map(({ link }) => new Visitor(desk.origin).raw(link)));
      expect(opened.map(({ status }) => status).sort()).toEqual([200, 410, 410]);
    }
  });

  it("to an email that has an account is not sent, and says so, also when that one is deactivated", async () => {
    const email = someone();
    await addPerson(desk, email);
    const { page } = await invite(email.toUpperCase());
    expect(page.status).toBe(422);
    expect(page.errors.email).toContain("has an account already");
    await desk.db.query("update people set deactivated_at = now() where email = $1", [email]);
    expect((await invite(email)).page.errors.email).toContain("Reactivate it");
    expect(await lettersTo(email.toUpperCase())).toBe(0);
  });

  it("whose email got an account meanwhile makes no second one", async () => {
    const email = someone();
    const { link } = await invite(email);
    const page = await new Visitor(desk.origin).open(link);
    await addPerson(desk, email);
    expect((await new Visitor(desk.origin).open(link)).text).toContain("has an account already");
    await fillIn(page).press("Join");
    expect(page.status).toBe(410);
    expect(await peopleWith(email)).toHaveLength(1);
  });

  it.each(["", "name", "a@b", "two@example.com, three@example.com", `${"a".repeat(243)}@example.com`])(
    "to %j is refused with what to write",
    async (email) => {
      const { page } = await invite(email);
      expect(page.status).toBe(422);
      expect(page.errors.email).toBeTruthy();
      expect(page.value("Email")).toBe(email);
    },
  );

  it("with a made-up role is refused", async () => {
    const email = someone();
    for (const role of ["root", "", "Administrator"]) {
      const page = await ada.visitor.tab().open("/admin/people/invite");
      const { fields } = page.fieldsOf("Send invitation");
      await page.post("/admin/people/invite", { ...fields, email, role });
      expect(page.errors.role).toBe("Choose a role from the list");
    }
    expect(await lettersTo(email)).toBe(0);
  });

  it("signs out whoever was signed in in that browser, having said so, and not on the server's other sessions", async () => {
    const { link } = await invite(someone());
    const browser = await signIn(desk, ada);
    await browser.open(link);
    expect(browser.text).toContain(`You are signed in as ${ada.email} in this browser`);
    const old = browser.tab();
    await join(link, {}, browser);
    expect(browser.path).toBe("/two-factor/enrol");
    expect((await old.open("/profile")).path).toMatch(/^\/sign-in/);
    expect((await ada.visitor.open("/profile")).path).toBe("/profile");
  });

  it("is sent only by administrators", async () => {
    const member = await addPerson(desk, someone());
    const email = someone();
    const token = (await member.visitor.tab().open("/profile")).hidden("_csrf");
    const fields = { _csrf: token, email, role: "administrator" };
    await member.visitor.post("/admin/people/invite", fields);
    expect(member.visitor.status).toBe(403);
    expect((await member.visitor.open("/admin/people/invite")).status).toBe(403);
    expect(await lettersTo(email)).toBe(0);
  });

  it.each(["", "?token=", "?token=nonsense", `?token=${"a".repeat(300)}`, "?token=a&token=b", "?token=%00"])(
    "at /invitation%s is a 4xx page, by opening and by sending",
    async (query) => {
      for (const answer of [
        await new Visitor(desk.origin).open(`/invitation${query}`),
        await new Visitor(desk.origin).post(`/invitation${query}`, { firstName: "a" }),
      ]) {
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(answer.status).toBeLessThan(500);
      }
    },
  );

  it("leaves its token neither in the database nor, but for the letter, in the log", async () => {
    const { link } = await invite(someone());
    const token = link.split("token=")[1] ?? "";
    desk.log.length = 0;
    await join(link);
    await new Visitor(desk.origin).open(link);
    expect(desk.log.join("")).toContain('"path":"/invitation"');
    const requests = desk.log.filter((line) => !line.includes("No mail server is configured"));
    expect(requests.join("")).not.toContain(token);
    const { rows } = await desk.db.query(
      "select l::text from links l union all select t::text from trail t union all select m::text from mail m union all select s::text from sessions s",
    );
    const hex = Buffer.from(token).toString("hex");
    for (const row of rows) {
      expect(Object.values(row).join()).not.toContain(token);
      expect(Object.values(row).join()).not.toContain(hex);
    }
  });
});
