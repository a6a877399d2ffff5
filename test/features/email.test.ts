import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, enrol, givePassword, type Known, PASSWORD, setUp, signIn } from "../support/people";
import { PostOffice } from "../support/post-office";
import { untilBlocked } from "../support/until";
import { Visitor } from "../support/visitor";

let office: PostOffice;
let desk: TestDesk;
let ada: Known;
beforeEach(async () => {
  office = await PostOffice.open();
  desk = await openTestDesk({ smtpUrl: office.url });
  ada = await setUp(desk);
});
afterEach(async () => {
  await desk.close();
  await office.close();
});

const ask = async (newEmail: string, visitor = ada.visitor) => {
  await visitor.open("/profile");
  await visitor.follow("Change your email");
  return visitor.fill("New email", newEmail).press("Send link");
};
let link: Promise<string>;
const linkTo = async (email: string, subject?: string) => {
  const { links } = await office.next(email, subject);
  return new URL(links[0] ?? "").pathname + new URL(links[0] ?? "").search;
};

describe("changing the email", () => {
  it("happens when the link mailed to the new address is used, and the old address hears of both", async () => {
    await ask("countess@example.com");
    expect(ada.visitor.text).toContain("Until then it stays ada@example.com");
    expect((await office.next(ada.email)).text).toContain("countess@example.com");
    const link = await linkTo("countess@example.com");

    const anywhere = await new Visitor(desk.origin).open(link);
    expect((await ada.visitor.open("/profile")).value("Email")).toBe("ada@example.com");
    await anywhere.press("Confirm");
    expect(anywhere.heading).toBe("Your email is changed");
    expect((await office.next(ada.email)).subject).toBe("Your email address was changed");
    expect((await ada.visitor.open("/profile")).value("Email")).toBe("countess@example.com");
    expect((await givePassword(ada, new Visitor(desk.origin))).status).toBe(422);
    const renamed = { ...ada, email: "countess@example.com" };
    expect((await givePassword(renamed, new Visitor(desk.origin))).path).toBe("/sign-in/two-factor");
  });

  it("asks for the password first when it was given over ten minutes ago", async () => {
    desk.moveClock(601);
    await ada.visitor.open("/profile/email");
    expect(ada.visitor.path).toMatch(/^\/confirm-password/);
    await ada.visitor.fill("Password", PASSWORD).press("Confirm");
    expect(ada.visitor.path).toBe("/profile/email");
  });

  it("to an address another account has says the same, and tells only that address", async () => {
    const grace = await addPerson(desk, "grace@example.com");
    const free = await ask("free@example.com");
    const answer = free.text.replaceAll("free@example.com", "NEW");
    await ask("Grace@example.com");
    expect(ada.visitor.text.replaceAll("Grace@example.com", "NEW")).toBe(answer);
    const letter = await office.next("Grace@example.com");
    expect(letter.subject).toBe("Somebody wanted to use your email address");
    expect(letter.links).toEqual([]);
    expect((await grace.visitor.open("/profile")).value("Email")).toBe("grace@example.com");
  });

  it("is refused when another account took the address meanwhile", async () => {
    await ask("countess@example.com");
    const link = await linkTo("countess@example.com");
    await addPerson(desk, "Countess@example.com");
    const visitor = await (await new Visitor(desk.origin).open(link)).press("Confirm");
    expect(visitor.status).toBe(409);
    expect(visitor.heading).toBe("Your email was not changed");
    expect((await ada.visitor.open("/profile")).value("Email")).toBe("ada@example.com");
  });

  it("says that something went wrong on our side where the database could not do it, and the link stays good", async () => {
    await ask("countess@example.com");
    const link = await linkTo("countess@example.com");
    await desk.db.query("alter table people add constraint fails check (email not like 'countess%')");
    const visitor = await (await new Visitor(desk.origin).open(link)).press("Confirm");
    expect(visitor.status).toBe(500);
    expect(visitor.text).not.toContain("Another account has this address");
    await desk.db.query("alter table people drop constraint fails");
    await (await visitor.open(link)).press("Confirm");
    expect(visitor.heading).toBe("Your email is changed");
  });

  it("by a link that is used, replaced or late says so", async () => {
    await ask("one@example.com");
    const first = await linkTo("one@example.com");
    await ask("two@example.com");
    const second = await linkTo("two@example.com");
    expect((await new Visitor(desk.origin).open(first)).text).toContain("A newer link was sent since");
    await (await new Visitor(desk.origin).open(second)).press("Confirm");
    expect((await new Visitor(desk.origin).open(second)).text).toContain("used already");
    await ask("three@example.com");
    const third = await linkTo("three@example.com");
    await desk.db.query("update links set expires_at = now() - interval '1 second'");
    const late = await new Visitor(desk.origin).open(third);
    expect([late.status, late.hasButton("Confirm")]).toEqual([410, false]);
  });

  it("to the present one or to nonsense is answered at the field", async () => {
    await ask("ADA@example.com");
    expect(ada.visitor.errors.newEmail).toBe("That is your email already. Enter the new one");
    await ask("nonsense");
    expect(ada.visitor.errors.newEmail).toBe("Enter an email address like name@example.com");
    expect(ada.visitor.value("New email")).toBe("nonsense");
  });

  it.each([
    [
      "changes their password",
      async () => {
        await ada.visitor.open("/profile/password");
        await ada.visitor
          .fill("Current password", PASSWORD)
          .fill("New password", "Another-Harbour-43")
          .press("Change password");
      },
    ],
    [
      "chooses a new password by a mailed link",
      async () => {
        await new Visitor(desk.origin).post("/forgot-password", { email: ada.email });
        const reset = await new Visitor(desk.origin).open(await linkTo(ada.email, "Choose a new password"));
        await reset.fill("New password", "Another-Harbour-43").press("Save password");
      },
    ],
    [
      "signs out everywhere else",
      async () => {
        const elsewhere = await signIn(desk, ada);
        await (await elsewhere.open("/profile/sessions")).press("Sign out everywhere else");
      },
    ],
    [
      "signs the device out that asked",
      async () => {
        const elsewhere = await signIn(desk, ada);
        const { rows } = await desk.db.query("select id from sessions order by started_at");
        const _csrf = (await elsewhere.open("/profile/sessions")).hidden("_csrf");
        await elsewhere.post(`/profile/sessions/${rows[0].id}/end`, { _csrf });
        expect(elsewhere.text).toContain("That device is signed out.");
      },
    ],
    [
      "resets two-factor authentication",
      async () => {
        const elsewhere = await signIn(desk, ada);
        await enrol(desk, await elsewhere.open("/profile/two-factor/reset"), ada.email);
      },
    ],
    [
      "is signed out everywhere by an administrator",
      async () => {
        const eve = await addPerson(desk, "eve@example.com", ["administrator"]);
        const { rows } = await desk.db.query("select id from people where email = 'ada@example.com'");
        await (await eve.visitor.open(`/admin/people/${rows[0].id}/end-sessions`)).press(
          "Sign out everywhere",
        );
      },
    ],
    [
      "is deactivated and reactivated",
      async () => {
        const eve = await addPerson(desk, "eve@example.com", ["administrator"]);
        const { rows } = await desk.db.query("select id from people where email = 'ada@example.com'");
        await (await eve.visitor.open(`/admin/people/${rows[0].id}/deactivate`)).press("Deactivate");
        expect((await new Visitor(desk.origin).open(await link)).text).toContain("not one of ours");
        await eve.visitor.press("Reactivate");
      },
    ],
  ])("is off, and says so, once the person %s", async (_what, act) => {
    await ask("thief@example.com");
    link = linkTo("thief@example.com");
    const thief = await new Visitor(desk.origin).open(await link);
    expect(thief.hasButton("Confirm")).toBe(true);
    await act();
    await thief.press("Confirm");
    expect([thief.status, thief.heading]).toEqual([410, "This link does not work"]);
    expect(thief.text).toContain("has changed since it was sent");
    const { rows } = await desk.db.query("select from people where email = 'ada@example.com'");
    expect(rows).toHaveLength(1);
  });

  it("goes on where they only sign out, or end a device that was signed out already", async () => {
    await ask("countess@example.com");
    const mailed = await linkTo("countess@example.com");
    const _csrf = (await ada.visitor.open("/profile/sessions")).hidden("_csrf");
    await ada.visitor.post("/profile/sessions/00000000-0000-4000-8000-000000000000/end", { _csrf });
    await ada.visitor.press("Sign out");
    const anywhere = await (await new Visitor(desk.origin).open(mailed)).press("Confirm");
    expect(anywhere.heading).toBe("Your email is changed");
  });

  it("asked for with a session that ends at that moment sends nothing", async () => {
    await ada.visitor.open("/profile/email");
    const blocker = await desk.db.connect();
    await blocker.query("begin");
    await blocker.query("select from people for update");
    const asking = ada.visitor.fill("New email", "thief@example.com").press("Send link");
    await untilBlocked(desk.db);
    await blocker.query("delete from sessions");
    await blocker.query("commit");
    blocker.release();
    expect((await asking).path).toMatch(/^\/sign-in/);
    expect((await desk.db.query("select from links")).rowCount).toBe(0);
    expect((await desk.db.query("select from mail where recipient = 'thief@example.com'")).rowCount).toBe(0);
  });

  it("asked for again, also to an address another account has, ends the link before", async () => {
    await addPerson(desk, "grace@example.com");
    await ask("first@example.com");
    const first = await linkTo("first@example.com");
    await ask("grace@example.com");
    const visitor = await new Visitor(desk.origin).open(first);
    expect(visitor.status).toBe(410);
    expect(visitor.text).toContain("A newer link was sent since");
  });
});
