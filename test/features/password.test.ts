import { openTestDesk, type TestDesk } from "../support/desk";
import { givePassword, type Known, PASSWORD, setUp, signIn } from "../support/people";
import { Visitor } from "../support/visitor";

const NEW_PASSWORD = "Another-Harbour-43";
let desk: TestDesk;
let ada: Known;
beforeEach(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
});
afterEach(() => desk.close());

const change = async (visitor: Visitor, current: string, next: string) => {
  await visitor.open("/profile/password");
  return visitor.fill("Current password", current).fill("New password", next).press("Change password");
};

describe("changing the password", () => {
  it("ends the other sessions, keeps this one under a new id, and the new password signs in", async () => {
    const phone = await signIn(desk, ada);
    const copy = ada.visitor.tab();
    await change(ada.visitor, PASSWORD, NEW_PASSWORD);
    expect(ada.visitor.path).toBe("/profile");
    expect(ada.visitor.text).toContain("Your password is changed");
    for (const gone of [phone, copy]) expect((await gone.open("/profile")).path).toMatch(/^\/sign-in/);
    expect((await givePassword(ada, new Visitor(desk.origin))).status).toBe(422);
    const again = await givePassword({ ...ada, password: NEW_PASSWORD }, new Visitor(desk.origin));
    expect(again.path).toBe("/sign-in/two-factor");
  });

  it("says what is wrong, keeps no password, and changes nothing", async () => {
    const before = await desk.db.query("select password_hash from people");
    await change(ada.visitor, "Wrong-Password-1", NEW_PASSWORD);
    expect(ada.visitor.errors).toEqual({
      currentPassword: "That is not your current password. Check it and try again",
    });
    await change(ada.visitor, "", "short");
    expect(ada.visitor.errors).toEqual({
      currentPassword: "Enter your current password",
      newPassword: "Use at least 12 characters: this has 5",
    });
    await change(ada.visitor, PASSWORD, "Lovelace-Ada-1");
    expect(ada.visitor.errors.newPassword).toContain("made of your own name or email");
    expect(ada.visitor.html).not.toContain(NEW_PASSWORD);
    expect((await desk.db.query("select password_hash from people")).rows).toEqual(before.rows);
  });

  it("ten times at once succeeds once", async () => {
    const tabs = await Promise.all(
      Array.from({ length: 10 }, () => ada.visitor.tab().open("/profile/password")),
    );
    const done = await Promise.all(
      tabs.map((tab, i) =>
        tab
          .fill("Current password", PASSWORD)
          .fill("New password", `${NEW_PASSWORD}-${i}`)
          .press("Change password"),
      ),
    );
    expect(done.filter((tab) => tab.text.includes("Your password is changed"))).toHaveLength(1);
    expect(done.every((tab) => tab.status < 500)).toBe(true);
    expect((await desk.db.query("select from sessions")).rowCount).toBe(1);
  });
});
