import { forgetOldLinks } from "../../src/records/links";
import { openTestDesk, type TestDesk } from "../support/desk";
import { freshCode, givePassword, type Known, setUp, signIn } from "../support/people";
import { PostOffice } from "../support/post-office";
import { Visitor } from "../support/visitor";

const NEW_PASSWORD = "Another-Harbour-43";
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

const ask = async (email: string) => {
  const visitor = await new Visitor(desk.origin).open("/sign-in");
  await visitor.follow("Forgotten your password?");
  return visitor.fill("Email", email).press("Send link");
};
const linkFor = async (email: string) => {
  await ask(email);
  let [link] = (await office.next(email)).links;
  // Other letters, such as the one about the last change, may come first.
  while (link === undefined) [link] = (await office.next(email)).links;
  const { pathname, search } = new URL(link);
  return pathname + search;
};
const choose = async (link: string, password = NEW_PASSWORD) => {
  const visitor = await new Visitor(desk.origin).open(link);
  return visitor.fill("New password", password).press("Save password");
};

describe("a forgotten password", () => {
  it("is replaced through a mailed link, which ends all sessions and does not skip the second factor", async () => {
    const phone = await signIn(desk, ada);
    await desk.db.query("delete from mail");
    const visitor = await choose(await linkFor(ada.email));
    expect(visitor.path).toBe("/sign-in?notice=password-saved");
    expect(visitor.text).toContain("Your new password is saved");
    for (const device of [phone, ada.visitor])
      expect((await device.open("/profile")).path).toMatch(/^\/sign-in/);

    expect((await givePassword(ada, new Visitor(desk.origin))).status).toBe(422);
    const known = { ...ada, password: NEW_PASSWORD };
    const half = await givePassword(known, new Visitor(desk.origin));
    expect(half.path).toBe("/sign-in/two-factor");
    await half.fill("One-time code", freshCode(desk, ada.secret)).press("Verify");
    expect(half.path).toBe("/profile");
    expect((await half.open("/profile/activity")).text).toContain("2 sessions ended");
    expect((await office.next(ada.email)).subject).toBe("Your password was changed");
  });

  it("leaves an API key as it is, which the pages and the letter say, and how to end it", async () => {
    const keyKeepsWorking = "An API key keeps working until you revoke it on your profile";
    const link = await linkFor(ada.email);
    expect((await new Visitor(desk.origin).open(link)).text).toContain(keyKeepsWorking);
    expect((await choose(link)).text).toContain(keyKeepsWorking);
    expect((await office.next(ada.email)).text.replaceAll(/\s+/g, " ")).toContain(keyKeepsWorking);
  });

  it("gives the same answer for an email nobody has, and mails nothing", async () => {
    const [known, unknown] = await Promise.all([ask(ada.email), ask("nobody@example.com")]);
    expect(unknown.status).toBe(known.status);
    expect(unknown.html.replaceAll("nobody@example.com", "EMAIL")).toBe(
      known.html.replaceAll(ada.email, "EMAIL"),
    );
    await office.next(ada.email);
    expect(office.mails.filter((mail) => mail.to === "nobody@example.com")).toEqual([]);
    expect((await desk.db.query("select from links")).rowCount).toBe(1);
  });

  it("is not asked for with what is no email, which is told and kept", async () => {
    const visitor = await ask("ada at example.com");
    expect([visitor.status, visitor.value("Email")]).toEqual([422, "ada at example.com"]);
    expect(visitor.errors.email).toMatch(/^Enter /);
  });

  it("takes the same time for both, within a tenth", async () => {
    const timed = async (email: string) => {
      const visitor = await new Visitor(desk.origin).open("/forgot-password");
      const began = process.hrtime.bigint();
      await visitor.fill("Email", email).press("Send link");
      return Number(process.hrtime.bigint() - began);
    };
    const [known, unknown]: [number[], number[]] = [[], []];
    for (let i = 0; i < 9; i++) {
      known.push(await timed(ada.email));
      unknown.push(await timed("nobody@example.com"));
    }
    const median = (times: number[]) => [...times].sort((a, b) => a - b)[4] ?? 0;
    expect(Math.abs(median(known) / median(unknown) - 1)).toBeLessThan(0.1);
  });

  it("keeps the link open while the new password is not good enough", async () => {
    const link = await linkFor(ada.email);
    const visitor = await choose(link, "password1234");
    expect(visitor.status).toBe(422);
    expect(visitor.errors.newPassword).toContain("too easy to guess");
    expect(visitor.html).not.toContain("password1234");
    await visitor.fill("New password", ada.email).press("Save password");
    expect(visitor.errors.newPassword).toContain("made of your own name or email");
    await visitor.fill("New password", NEW_PASSWORD).press("Save password");
    expect(visitor.path).toBe("/sign-in?notice=password-saved");
  });

  it("is told why a link does not work: used, late, replaced, or unknown", async () => {
    const first = await linkFor(ada.email);
    const second = await linkFor(ada.email);
    const opened = async (link: string) => new Visitor(desk.origin).open(link);
    expect((await opened(first)).text).toContain("A newer link was sent since");
    await choose(second);
    expect((await opened(second)).text).toContain("used already");
    await desk.db.query("update links set used_at = now() - interval '89 days' where used_at is not null");
    expect(await forgetOldLinks(desk.db)).toBe(0);
    const third = await linkFor(ada.email);
    const later = (time: string) =>
      desk.db.query(`update links set expires_at = expires_at - interval '${time}'`);
    await later("59 minutes 50 seconds");
    expect((await opened(third)).hasButton("Save password")).toBe(true);
    await later("10 seconds");
    expect((await opened(third)).text).toContain("valid for one hour");
    await desk.db.query("update links set expires_at = now() - interval '91 days' where used_at is null");
    expect(await forgetOldLinks(desk.db)).toBeGreaterThan(0);
    expect((await opened(third)).text).toContain("It is not one of ours");
    for (const token of ["", "abc", "a&token=b", "%00"]) {
      const visitor = await opened(`/reset-password?token=${token}`);
      expect([400, 410]).toContain(visitor.status);
      expect(visitor.hasButton("Save password")).toBe(false);
    }
  });

  it("is replaced once when a link is used twenty times at once", async () => {
    const link = await linkFor(ada.email);
    const forms = await Promise.all(Array.from({ length: 20 }, () => new Visitor(desk.origin).open(link)));
    const done = await Promise.all(
      forms.map((visitor, i) => visitor.fill("New password", `${NEW_PASSWORD}-${i}`).press("Save password")),
    );
    expect(done.filter((visitor) => visitor.path.startsWith("/sign-in"))).toHaveLength(1);
    expect(done.filter((visitor) => visitor.status === 410)).toHaveLength(19);
  });

  it("of somebody deactivated stays as it is", async () => {
    const link = await linkFor(ada.email);
    await desk.db.query("update people set deactivated_at = now()");
    expect((await choose(link).catch(() => new Visitor(desk.origin).open(link))).status).toBe(410);
  });

  it("is not replaced by a link from before the password was changed", async () => {
    const link = await linkFor(ada.email);
    await ada.visitor.open("/profile/password");
    await ada.visitor
      .fill("Current password", ada.password)
      .fill("New password", "Third-Harbour-44")
      .press("Change password");
    expect(ada.visitor.text).toContain("Your password is changed");
    const visitor = await new Visitor(desk.origin).open(link);
    expect(visitor.status).toBe(410);
    expect(visitor.text).toContain("password, email or access has changed since it was sent");
  });

  it("is not replaced by a link that went to an email they have left", async () => {
    const link = await linkFor(ada.email);
    await (await ada.visitor.open("/profile/email")).fill("New email", "new@example.com").press("Send link");
    const [confirm = ""] = (await office.next("new@example.com")).links;
    const { pathname, search } = new URL(confirm);
    await (await ada.visitor.open(pathname + search)).press("Confirm");
    expect((await new Visitor(desk.origin).open(link)).status).toBe(410);
  });

  it("asked for forty times at once sends one link, and nobody waits for another", async () => {
    await Promise.all(Array.from({ length: 40 }, () => ask(ada.email)));
    const sent = await desk.db.query("select from trail where action = 'password.reset-asked'");
    expect(sent.rowCount).toBeLessThan(40);
    const open = await desk.db.query("select from links where used_at is null and ended_at is null");
    expect(open.rowCount).toBe(1);
  });
});
