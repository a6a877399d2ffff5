import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, givePassword, type Known, PASSWORD, setUp } from "../support/people";
import { PostOffice } from "../support/post-office";
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
const linkTo = async (email: string) => {
  const { links } = await office.next(email);
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
});
