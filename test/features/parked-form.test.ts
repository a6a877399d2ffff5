import { forgetParkedForms } from "../../src/records/parked-forms";
import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, freshCode, givePassword, type Known, PASSWORD, setUp } from "../support/people";
import { ageSession } from "../support/time";
import { Visitor } from "../support/visitor";

const NOTICE = "Nothing of this is saved yet: here is what you had typed";
const NOT_SAVED = "What was sent after that was not saved. Sign in to go on where you were.";
let desk: TestDesk;
let ada: Known;
beforeEach(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
});
afterEach(() => desk.close());

/** Sends a form with the button, as a browser does: with the page it is on. */
async function send(visitor: Visitor, button: string, page = visitor.path): Promise<void> {
  const { action, fields } = visitor.fieldsOf(button);
  await visitor.post(action, fields, { referer: `${desk.origin}${page}` });
}

async function timeOut(visitor = ada.visitor): Promise<void> {
  await ageSession(desk, visitor, 30 * 60 + 1);
}

async function signInAgain(known = ada, visitor = ada.visitor): Promise<void> {
  visitor.fill("Email", known.email).fill("Password", PASSWORD);
  await visitor.press("Sign in");
  await visitor.fill("One-time code", freshCode(desk, known.secret)).press("Verify");
}

const unreadable = () => desk.log.filter((line) => line.includes("A parked form cannot be read"));
const parked = async () => (await desk.db.query("select * from parked_forms")).rows;
const firstName = async () =>
  (await desk.db.query("select first_name from people where email = 'ada@example.com'")).rows[0].first_name;

describe("a form sent after the session has ended", () => {
  it("is offered back filled in after signing in again, with nothing saved, and saved when it is sent once more", async () => {
    await ada.visitor.open("/profile");
    ada.visitor.fill("First Name", "Augusta").fill("Session Timeout", "2 hours");
    await timeOut();
    await send(ada.visitor, "Save Changes");
    expect(ada.visitor.path).toBe("/sign-in?return=%2Fprofile");
    expect(ada.visitor.text).toContain("You were signed out after 30 minutes without activity");
    expect(ada.visitor.text).toContain("What you typed is kept for 15 minutes");
    expect(ada.visitor.text).not.toContain("not saved");
    await signInAgain();
    expect(ada.visitor.path).toBe("/profile");
    expect(ada.visitor.text).toContain(NOTICE);
    expect(ada.visitor.value("First Name")).toBe("Augusta");
    expect(ada.visitor.value("Session Timeout")).toBe("2 hours");
    expect(unreadable()).toEqual([]);
    expect(await firstName()).toBe("Ada");
    await ada.visitor.open("/profile");
    expect(ada.visitor.value("First Name")).toBe("Augusta");
    await send(ada.visitor, "Save Changes");
    expect(ada.visitor.text).toContain("Saved: First Name and Session Timeout.");
    expect(await parked()).toEqual([]);
    expect((await ada.visitor.open("/profile")).text).not.toContain(NOTICE);
  });

  it.each([
    ["about somebody else", "/admin/people/:id", "First Name", "Save Changes"],
    ["on a page of its own", "/profile/email", "New email", "Send link"],
    ["about somebody new", "/admin/people/invite", "Email", "Send invitation"],
  ])(
    "%s is offered where it was sent to, where the browser does not say where it stood",
    async (_what, address, label, button) => {
      await addPerson(desk, "grace@example.com");
      const { rows } = await desk.db.query("select id from people where email = 'grace@example.com'");
      const page = address.replace(":id", rows[0].id);
      await ada.visitor.open(page);
      ada.visitor.fill(label, "bobby@example.com");
      const { action, fields } = ada.visitor.fieldsOf(button);
      await timeOut();
      await ada.visitor.post(action, fields);
      expect(ada.visitor.path).toBe(`/sign-in?return=${encodeURIComponent(page)}`);
      await signInAgain();
      expect(ada.visitor.path).toBe(page);
      expect(ada.visitor.text).toContain(NOTICE);
      expect(ada.visitor.value(label)).toBe("bobby@example.com");
      await ada.visitor.open("/profile");
      expect(ada.visitor.text).not.toContain(NOTICE);
      expect(ada.visitor.value("First Name")).toBe("Ada");
    },
  );

  it("is refused with both versions when the profile was changed meanwhile", async () => {
    await ada.visitor.open("/profile");
    ada.visitor.fill("First Name", "Augusta");
    await timeOut();
    await send(ada.visitor, "Save Changes");
    await desk.db.query("update people set first_name = 'Countess', version = version + 1");
    await signInAgain();
    expect(ada.visitor.value("First Name")).toBe("Augusta");
    await send(ada.visitor, "Save Changes");
    expect(ada.visitor.status).toBe(409);
    expect(ada.visitor.errors.firstName).toBe("First Name is now: Countess");
    expect(ada.visitor.value("First Name")).toBe("Augusta");
  });

  it("is never shown to somebody else who signs in in that browser, nor to the same person elsewhere", async () => {
    const grace = await addPerson(desk, "grace@example.com");
    await ada.visitor.open("/profile");
    ada.visitor.fill("Phone Number", "555-0199");
    await timeOut();
    await send(ada.visitor, "Save Changes");
    const elsewhere = await new Visitor(desk.origin).open("/sign-in");
    await signInAgain(ada, elsewhere);
    await elsewhere.open("/profile");
    expect(elsewhere.value("Phone Number")).toBe("");
    await signInAgain(grace, ada.visitor);
    expect(ada.visitor.path).toBe("/profile");
    expect(ada.visitor.html).not.toContain("555-0199");
    await ada.visitor.press("Sign out");
    await signInAgain(ada, ada.visitor);
    expect((await ada.visitor.open("/profile")).html).not.toContain("555-0199");
  });

  it("is kept for 15 minutes and not longer, sealed", async () => {
    await ada.visitor.open("/profile");
    ada.visitor.fill("First Name", "Augusta");
    await timeOut();
    await send(ada.visitor, "Save Changes");
    const [row] = await parked();
    expect(JSON.stringify(row)).not.toContain("Augusta");
    expect(row.sealed_fields.includes("Augusta")).toBe(false);
    await desk.db.query("update parked_forms set parked_at = now() - interval '14 minutes 50 seconds'");
    await forgetParkedForms(desk.db);
    expect(await parked()).toHaveLength(1);
    await desk.db.query("update parked_forms set parked_at = now() - interval '15 minutes 1 second'");
    await signInAgain();
    expect(ada.visitor.value("First Name")).toBe("Ada");
    expect(unreadable()).toEqual([]);
    await forgetParkedForms(desk.db);
    expect(await parked()).toEqual([]);
  });

  it("is not kept without the token of that session: no other site fills in somebody's pages", async () => {
    await ada.visitor.open("/profile");
    const { fields } = ada.visitor.fieldsOf("Save Changes");
    await timeOut();
    for (const _csrf of ["", "made-up"]) {
      await ada.visitor.tab().post("/profile", { ...fields, _csrf, firstName: "Mallory" });
      expect(await parked()).toEqual([]);
    }
  });

  it("is not kept where somebody ended the session, as by signing out everywhere, which the page says", async () => {
    await ada.visitor.open("/profile");
    ada.visitor.fill("First Name", "Augusta");
    await desk.db.query("delete from sessions");
    await send(ada.visitor, "Save Changes");
    expect(await parked()).toEqual([]);
    expect(ada.visitor.text).toContain(`Your session has ended. ${NOT_SAVED}`);
    expect(await firstName()).toBe("Ada");
    await ada.visitor.open("/profile");
    expect(ada.visitor.text).toContain("Your session has ended. Sign in to go on where you were.");
  });

  it("is not kept of somebody who has signed out in another tab, which the page says", async () => {
    await ada.visitor.open("/profile");
    const { action, fields } = ada.visitor.fieldsOf("Save Changes");
    await ada.visitor.press("Sign out");
    await ada.visitor.post(action, { ...fields, firstName: "Augusta" });
    expect(ada.visitor.text).toContain("You are not signed in, so what was sent was not saved.");
  });

  it("is not kept of somebody who was only half signed in, nor of somebody deactivated", async () => {
    const half = await givePassword(ada, new Visitor(desk.origin));
    const planted = { _csrf: half.hidden("_csrf"), firstName: "Mallory" };
    await ageSession(desk, half, 15 * 60 + 1);
    await half.post("/profile", planted);
    expect(half.text).toContain("Signing in was not finished in time");
    await ada.visitor.open("/profile");
    await desk.db.query("update people set deactivated_at = now()");
    await send(ada.visitor.fill("First Name", "Augusta"), "Save Changes");
    expect(ada.visitor.path).toBe("/sign-in?return=%2Fprofile&notice=not-saved");
    expect(ada.visitor.text).toContain("What was sent after that was not saved.");
    expect(await parked()).toEqual([]);
  });

  it("keeps no password, and the page says that nothing is kept", async () => {
    await ada.visitor.open("/profile/password");
    ada.visitor.fill("Current password", PASSWORD).fill("New password", "Another-Harbour-43");
    await timeOut();
    await send(ada.visitor, "Change password");
    expect(await parked()).toEqual([]);
    expect(ada.visitor.text).toContain(`You were signed out after 30 minutes without activity. ${NOT_SAVED}`);
  });

  it("comes back on the page it was sent from, with its boxes ticked", async () => {
    await desk.db.query("insert into roles values ('billing'), ('code-reader')");
    await ada.visitor.open("/admin/service-accounts");
    ada.visitor.fill("Name", "nightly").fill("Purpose", "Counts").tick("code-reader");
    await timeOut();
    await send(ada.visitor, "Create service account");
    await signInAgain();
    expect(ada.visitor.path).toBe("/admin/service-accounts");
    expect(ada.visitor.value("Purpose")).toBe("Counts");
    expect(
      ada.visitor
        .$("input[checked]")
        .map((_, box) => ada.visitor.$(box).attr("name"))
        .toArray(),
    ).toEqual(["role:code-reader"]);
    await send(ada.visitor, "Create service account");
    expect(ada.visitor.heading).toBe("nightly");
  });
});

describe("the roles of somebody, sent after the session has ended and changed meanwhile", () => {
  it("are refused when they are sent again, instead of undoing the change", async () => {
    const eve = await addPerson(desk, "eve@example.com", ["administrator"]);
    const { rows } = await desk.db.query("select id from people where email = $1", [eve.email]);
    await ada.visitor.open(`/admin/people/${rows[0].id}/roles`);
    await timeOut();
    await send(ada.visitor, "Save Changes");
    await desk.db.query("update people set roles = '{member}' where email = $1", [eve.email]);
    await signInAgain();
    expect(ada.visitor.text).toContain(NOTICE);
    await send(ada.visitor, "Save Changes");
    expect(ada.visitor.status).toBe(409);
    const now = await desk.db.query("select roles from people where email = $1", [eve.email]);
    expect(now.rows[0].roles).toEqual(["member"]);
  });
});

describe("a form sent when the password has to be asked for again", () => {
  it("is still kept when somebody chooses to stay signed in before giving it", async () => {
    await ada.visitor.open("/profile/email");
    ada.visitor.fill("New email", "new@example.com");
    desk.moveClock(601);
    await send(ada.visitor, "Send link");
    const { action, fields } = ada.visitor.fieldsOf("Stay signed in");
    await ada.visitor.tab().post(action, fields);
    await ada.visitor.fill("Password", PASSWORD).press("Confirm");
    expect(ada.visitor.value("New email")).toBe("new@example.com");
  });

  it.each([
    ["/profile/email", "New email", "new@example.com", "Send link"],
    ["/admin/people/invite", "Email", "new@example.com", "Send invitation"],
    ["/admin/settings", "Name", "billing", "Add role"],
  ])("from %s comes back as typed", async (page, label, typed, button) => {
    await ada.visitor.open(page);
    ada.visitor.fill(label, typed);
    desk.moveClock(601);
    await send(ada.visitor, button);
    expect(ada.visitor.path).toMatch(/^\/confirm-password/);
    await ada.visitor.fill("Password", PASSWORD).press("Confirm");
    expect(ada.visitor.text).toContain(NOTICE);
    expect(ada.visitor.value(label)).toBe(typed);
    await send(ada.visitor, button);
    expect(ada.visitor.status).toBe(200);
    expect(await parked()).toEqual([]);
  });
});
