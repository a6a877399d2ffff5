import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, givePassword, type Known, setUp, signIn } from "../support/people";
import { ageSession } from "../support/time";
import { Visitor } from "../support/visitor";

const FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";
let desk: TestDesk;
let ada: Known;
beforeEach(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
});
afterEach(() => desk.close());

const rows = (visitor: Visitor) => {
  const $ = visitor.$;
  return $("tbody tr")
    .toArray()
    .map((row) => $(row).text().replace(/\s+/g, " ").trim());
};

describe("where you're signed in", () => {
  it("lists the live sessions in words, this one first, and none of other people or half signed in", async () => {
    await signIn(desk, ada, new Visitor(desk.origin, FIREFOX));
    await givePassword(ada, new Visitor(desk.origin, "Half/1.0"));
    await addPerson(desk, "grace@example.com");
    await ada.visitor.open("/profile");
    await ada.visitor.follow("Where you're signed in");
    const found = rows(ada.visitor);
    expect(found).toHaveLength(2);
    expect(found[0]).toContain("Visitor/1.0 (this device) 127.0.0.1");
    expect(found[1]).toContain("Firefox on Windows 127.0.0.1");
  });

  it("signs one other device out, at once", async () => {
    const phone = await signIn(desk, ada);
    await ada.visitor.open("/profile/sessions");
    const { action } = ada.visitor.fieldsOf("Sign out");
    expect(action).toBe("/sign-out");
    const end = ada.visitor.$("form[action$='/end']").attr("action") ?? "";
    await ada.visitor.post(end, { _csrf: ada.visitor.hidden("_csrf") });
    expect(ada.visitor.text).toContain("That device is signed out.");
    expect((await phone.open("/profile")).path).toMatch(/^\/sign-in/);
    expect(phone.text).toContain("Your session has ended. Sign in to go on where you were.");
    expect((await new Visitor(desk.origin).open("/profile")).text).not.toContain("Your session has ended");
    await ada.visitor.post(end, { _csrf: ada.visitor.hidden("_csrf") });
    expect(ada.visitor.text).toContain("had been signed out already");
  });

  it("signs out everywhere else, also who is half signed in, and stays here", async () => {
    const phone = await signIn(desk, ada);
    const half = await givePassword(ada, new Visitor(desk.origin));
    const grace = await addPerson(desk, "grace@example.com");
    await ada.visitor.open("/profile/sessions");
    await ada.visitor.press("Sign out everywhere else");
    expect(ada.visitor.text).toContain("You are signed out everywhere else.");
    expect(ada.visitor.hasButton("Sign out everywhere else")).toBe(false);
    const _csrf = ada.visitor.hidden("_csrf");
    await ada.visitor.post("/profile/sessions/end-others", { _csrf });
    expect(ada.visitor.text).toContain("You were signed in nowhere else.");
    const { rows } = await desk.db.query("select details from trail where action = 'sessions.ended'");
    expect(rows).toEqual([{ details: { ended: 2 } }]);
    expect((await phone.open("/profile")).path).toMatch(/^\/sign-in/);
    expect((await half.open("/sign-in/two-factor")).path).toMatch(/^\/sign-in\?/);
    expect((await grace.visitor.open("/profile")).path).toBe("/profile");
  });

  it("leaves out sessions that have ended, and cannot end another person's", async () => {
    const phone = await signIn(desk, ada);
    await ageSession(desk, phone, 31 * 60);
    const grace = await addPerson(desk, "grace@example.com");
    const { rows: sessions } = await desk.db.query(
      "select s.id from sessions s join people p on p.id = s.person_id where p.email = 'grace@example.com'",
    );
    await ada.visitor.open("/profile/sessions");
    expect(rows(ada.visitor)).toHaveLength(1);
    for (const id of [sessions[0].id, "nonsense", "%00", "' or true --"]) {
      await ada.visitor.open("/profile/sessions");
      const _csrf = ada.visitor.hidden("_csrf");
      await ada.visitor.post(`/profile/sessions/${encodeURIComponent(id)}/end`, { _csrf });
      expect(ada.visitor.status).toBeLessThan(500);
    }
    expect((await grace.visitor.open("/profile")).path).toBe("/profile");
  });
});
