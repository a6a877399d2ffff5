import { setTimeout as sleep } from "node:timers/promises";
import { openTestDesk, type TestDesk } from "../support/desk";
import {
  freshCode,
  givePassword,
  type Known,
  PASSWORD,
  recoveryCodes,
  setUp,
  setupKey,
  signIn,
} from "../support/people";
import { PostOffice } from "../support/post-office";
import { Visitor } from "../support/visitor";

const ADA = "ada@example.com";
const FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:141.0) Gecko/20100101 Firefox/141.0";

let desk: TestDesk;
let office: PostOffice;
let ada: Known;
beforeEach(async () => {
  office = await PostOffice.open();
  desk = await openTestDesk({ smtpUrl: office.url });
  ada = await setUp(desk);
});
afterEach(async () => {
  await office.close();
  await desk.close();
});

/** The subjects of all letters queued so far, in order. */
async function subjects(): Promise<string[]> {
  for (;;) {
    const { rows } = await desk.db.query("select sent_at from mail");
    if (rows.every(({ sent_at }) => sent_at)) return office.mails.map(({ subject }) => subject);
    await sleep(10);
  }
}

describe("the owner of an account is written to when", () => {
  it("a recovery code is used, with how many are left; a wrong one writes nothing", async () => {
    const half = await givePassword(ada, new Visitor(desk.origin));
    await half.follow("Use a recovery code");
    await half.fill("Recovery code", "AAAA-BBBB-CCCC-DDDD").press("Verify");
    await half.fill("Recovery code", ada.recoveryCodes[0] ?? "").press("Verify");
    expect(half.path).toBe("/profile");
    expect((await office.next(ADA)).text).toContain("9 recovery codes are left");
    expect(await subjects()).toEqual(["A recovery code was used"]);
  });

  it("two-factor is reset, but not when it was first set up or the code was wrong", async () => {
    const { visitor } = ada;
    await visitor.open("/profile/two-factor/reset");
    await visitor.fill("One-time code", "000000").press("Verify");
    const secret = setupKey(visitor);
    await visitor.fill("One-time code", freshCode(desk, secret)).press("Verify");
    const mail = await office.next(ADA);
    expect(mail.subject).toBe("Two-factor authentication was reset");
    expect(mail.raw).not.toContain(secret);
    expect(mail.text).toContain("new recovery codes took the place of the old ones");
    expect(await subjects()).toHaveLength(1);
  });

  it("recovery codes are replaced by new ones, in a letter that holds none of them", async () => {
    const { visitor } = ada;
    await visitor.open("/profile/two-factor/recovery-codes");
    expect(await subjects()).toEqual([]);
    await visitor.press("Get new recovery codes");
    const codes = recoveryCodes(visitor);
    expect(codes).toHaveLength(10);
    const mail = await office.next(ADA);
    expect(mail.subject).toBe("Your recovery codes were replaced");
    expect(mail.text).toContain("The old ones no longer work");
    for (const code of codes) expect(mail.raw).not.toContain(code);
    expect(await subjects()).toHaveLength(1);
  });

  it("a key is generated, regenerated and revoked; a form sent twice writes once, and no key is in a letter", async () => {
    const { visitor } = ada;
    const keys: string[] = [];
    await visitor.open("/profile").then((page) => page.press("Generate API Key"));
    keys.push(visitor.value("API key"));
    await visitor.open("/profile/api-key/regenerate");
    const { action, fields } = visitor.fieldsOf("Regenerate API Key");
    const both = [visitor.tab(), visitor.tab()];
    await Promise.all(both.map((tab) => tab.post(action, fields)));
    keys.push(both.find((tab) => tab.status === 200)?.value("API key") ?? "");
    await visitor.open("/profile/api-key/revoke").then((page) => page.press("Revoke"));
    for (const what of ["generated", "regenerated", "revoked"]) {
      expect((await office.next(ADA)).subject).toBe(`Your API key was ${what}`);
    }
    expect(await subjects()).toHaveLength(3);
    expect(keys.every((key) => key.length === 48)).toBe(true);
    for (const key of keys) for (const { raw } of office.mails) expect(raw).not.toContain(key.slice(10));
  });

  it("somebody signs in from a device not seen before, once for each; the first sign-in of all is no news", async () => {
    await signIn(desk, ada);
    expect(await subjects()).toEqual([]);
    await signIn(desk, ada, new Visitor(desk.origin, FIREFOX));
    const mail = await office.next(ADA);
    expect(mail.subject).toBe("A new sign-in to your account");
    expect(mail.text).toContain("Firefox on Windows, from the address 127.0.0.1, on ");
    await signIn(desk, ada, new Visitor(desk.origin, FIREFOX));
    await signIn(desk, ada, new Visitor(desk.origin, FIREFOX.replaceAll("141", "142")));
    expect(await subjects()).toHaveLength(1);
    await signIn(desk, ada, new Visitor(desk.origin, "curl/8.5.0"));
    expect((await office.next(ADA)).text).toContain("curl/8.5.0");
  });

  it("a known device signs in from an address not seen before", async () => {
    await desk.db.query("alter table trail disable trigger all");
    await desk.db.query("update trail set address = '192.0.2.7' where action = 'session.started'");
    await desk.db.query("alter table trail enable trigger all");
    await signIn(desk, ada);
    expect((await office.next(ADA)).subject).toBe("A new sign-in to your account");
  });

  it("but not when somebody who is signed in goes on from another address or device, whatever they change there", async () => {
    const visitor = new Visitor(desk.origin, FIREFOX);
    visitor.cookies = ada.visitor.cookies;
    await visitor.open("/profile/password");
    visitor.fill("Current password", PASSWORD).fill("New password", "Another-Harbour-43");
    await visitor.press("Change password");
    expect(visitor.text).toContain("Your password is changed");
    expect(await subjects()).toEqual(["Your password was changed"]);
  });

  it("but not when the password was right and the second step is still due", async () => {
    await givePassword(ada, new Visitor(desk.origin, FIREFOX));
    expect(await subjects()).toEqual([]);
  });
});
