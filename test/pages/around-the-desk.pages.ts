import { BrowserDesk } from "../support/browser-desk";
import { byKeyboard, byMouse } from "../support/browser-hand";
import { journey } from "../support/browser-journey";
import { Person } from "../support/browser-person";
import { type Screen, textOf } from "../support/browser-screen";
import { curl, hasCurl, skippedWithoutCurl } from "../support/curl";

const OLD_PASSWORD = "Copper-Lantern-Orbit-7";
const NEW_PASSWORD = "Another-Harbour-43";
const OLD_EMAIL = "grace@example.com";
const NEW_EMAIL = "hopper@example.com";
const REASON = "Both phones were in the same stolen bag; seen in person";
const IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";

describe.each([
  { words: "with JavaScript, by keyboard alone", javaScriptEnabled: true, hand: byKeyboard },
  { words: "without JavaScript", javaScriptEnabled: false, hand: byMouse },
])("around the desk, $words", ({ javaScriptEnabled, hand }) => {
  let desk: BrowserDesk;
  let ada: Person;
  let grace: Person;
  let joan: Person;
  /** A browser Grace uses only now and then. */
  let elsewhere: Screen;
  const keys: string[] = [];

  const step = journey(() => desk?.screens);

  beforeAll(async () => {
    desk = await BrowserDesk.open();
    const device = () => desk.device({ javaScriptEnabled }, hand);
    ada = new Person("Ada", "Lovelace", "ada@example.com", "Sunshine-Harbour-42", await device());
    grace = new Person("Grace", "Hopper", OLD_EMAIL, OLD_PASSWORD, await device());
    joan = new Person("Joan", "Clarke", "joan@example.com", "Violet-Anchor-Meadow-9", await device());
    elsewhere = await desk.device({ javaScriptEnabled, userAgent: IPHONE }, hand);
    await ada.setUp(desk.program.setUpAddress);
  });

  afterAll(() => desk?.close());

  describe("an invitation", () => {
    const links: string[] = [];

    step("is sent by an administrator and arrives by mail", async () => {
      await ada.screen.follow("People");
      await ada.screen.press("Invite");
      for (const { email } of [grace, joan]) {
        await ada.screen.fill({ Email: email });
        await ada.screen.choose("Role", "member");
        await ada.screen.press("Send invitation");
        expect(await ada.screen.heading()).toBe("Invitation sent");
        await ada.screen.press("Done");
        expect(await textOf(ada.screen.row(email))).toContain("member");
        links.push(await desk.mailedLink(email, "You are invited to Latchkey"));
        expect(await ada.screen.everything()).not.toContain(links.at(-1));
      }
    });

    step("leads whom it was sent to through joining and enrolment to their profile", async () => {
      for (const person of [grace, joan]) {
        await person.join(links.shift() ?? "");
        expect(person.screen.path).toBe("/two-factor/enrol");
        await person.enrol();
        expect(person.screen.path).toBe("/profile");
        expect(await person.screen.field("First Name").inputValue()).toBe(person.firstName);
        expect(await textOf(person.screen.field("Email"))).toBe(person.email);
        expect(await person.screen.page.getByRole("link", { name: "People", exact: true }).count()).toBe(0);
      }
    });
  });

  describe("a forgotten password", () => {
    let link: string;

    step("is replaced, from any device, by the link that was mailed", async () => {
      await elsewhere.visit("/sign-in");
      await elsewhere.follow("Forgotten your password?");
      await elsewhere.fill({ Email: grace.email });
      await elsewhere.press("Send link");
      expect(await elsewhere.heading()).toBe("Check your mailbox");
      link = await desk.mailedLink(grace.email, "Choose a new password");
      await elsewhere.visit(link);
      await elsewhere.fill({ "New password": NEW_PASSWORD });
      await elsewhere.press("Save password");
      expect(elsewhere.path).toBe("/sign-in");
      expect(await elsewhere.words()).toContain("Your new password is saved");
      await desk.office.next(grace.email, "Your password was changed");
    });

    step("ends the person's live session: the next click there leads to the sign-in page", async () => {
      await grace.screen.follow("Recent activity");
      expect(grace.screen.path).toBe("/sign-in");
    });

    step("is refused from then on; the new one and a code lead to the page asked for", async () => {
      await grace.givePassword();
      expect(grace.screen.status).toBe(422);
      expect(await grace.screen.words()).toContain("The email or the password is not right");
      grace.password = NEW_PASSWORD;
      await grace.givePassword();
      expect(grace.screen.path).toBe("/sign-in/two-factor");
      await grace.giveCode();
      expect(grace.screen.path).toBe("/profile/activity");
    });

    step("is not replaced by the same link again, which says so and offers the way on", async () => {
      await elsewhere.visit(link);
      expect(elsewhere.status).toBe(410);
      expect(await elsewhere.words()).toContain("It has been used already");
      await elsewhere.press("Ask for a new link");
      expect(await elsewhere.button("Send link").count()).toBe(1);
    });
  });

  describe("another email", () => {
    step("is asked for on the profile: a notice goes to the old address, a link to the new one", async () => {
      await grace.screen.follow(grace.name);
      await grace.screen.follow("Change your email");
      expect(grace.screen.path).toBe("/profile/email");
      await grace.screen.fill({ "New email": NEW_EMAIL });
      await grace.screen.press("Send link");
      expect(await grace.screen.words()).toContain(`Until then it stays ${OLD_EMAIL}`);
      const notice = await desk.office.next(OLD_EMAIL, "Your email address is about to change");
      expect(notice.text).toContain(NEW_EMAIL);
      expect(notice.links).toEqual([]);
    });

    step("is taken when the link is confirmed, and not when it is only opened", async () => {
      await elsewhere.visit(await desk.mailedLink(NEW_EMAIL, "Confirm your new email address"));
      expect(await elsewhere.words()).toContain(`sign in with ${NEW_EMAIL}`);
      await grace.screen.visit("/profile");
      expect(await textOf(grace.screen.field("Email"))).toBe(OLD_EMAIL);
      await elsewhere.press("Confirm");
      expect(await elsewhere.heading()).toBe("Your email is changed");
      await grace.screen.reload();
      expect(await textOf(grace.screen.field("Email"))).toBe(NEW_EMAIL);
      await desk.office.next(OLD_EMAIL, "Your email address was changed");
    });

    step("is what the person signs in with: the old one is refused", async () => {
      await grace.signOut();
      await grace.givePassword();
      expect(grace.screen.status).toBe(422);
      grace.email = NEW_EMAIL;
      await grace.signIn();
      expect(grace.screen.path).toBe("/profile");
    });
  });

  describe("two people who lost their authenticators", () => {
    step("are chosen in the list, and both reset at once for a reason", async () => {
      await ada.screen.follow("People");
      for (const { name } of [grace, joan]) await ada.screen.tick(`Choose ${name}`);
      await ada.screen.press("Reset Two-Factor Authentication");
      expect(await ada.screen.words()).toContain(`Grace Hopper (${NEW_EMAIL})`);
      expect(await ada.screen.words()).toContain("Joan Clarke (joan@example.com)");
      await ada.screen.fill({ Reason: REASON });
      await ada.screen.press("Reset Two-Factor Authentication");
      expect(await ada.screen.words()).toContain("Two-factor authentication is reset for 2 people");
      for (const { name } of [grace, joan])
        expect(await textOf(ada.screen.row(name))).toContain("Not set up");
    });

    step("are written to, signed out, and enrol anew when they next sign in", async () => {
      for (const person of [grace, joan]) {
        const { text } = await desk.office.next(person.email, "Two-factor authentication was reset");
        expect(text).toContain("An administrator reset two-factor authentication");
        const { secret: lost } = person.authenticator;
        await person.screen.follow("Recent activity");
        expect(person.screen.path).toBe("/sign-in");
        await person.givePassword();
        expect(person.screen.path).toBe("/two-factor/enrol");
        await person.enrol();
        expect(person.authenticator.secret).not.toBe(lost);
        expect(person.screen.path).toBe("/profile/activity");
      }
    });

    step("stand in the administrator's trail with the reason", async () => {
      await ada.screen.follow("Activity");
      for (const { name } of [grace, joan]) {
        const entry = ada.screen.row(`Ada Lovelace reset ${name}'s two-factor authentication`);
        expect(await textOf(entry)).toContain(REASON);
      }
    });
  });

  describe("where somebody is signed in", () => {
    step("lists both devices, and ends the other one at its next click", async () => {
      await elsewhere.visit("/sign-in");
      await grace.signIn(elsewhere);
      expect(elsewhere.path).toBe("/profile");
      await grace.screen.follow("Where you're signed in");
      expect(await grace.screen.row("(this device)").count()).toBe(1);
      const other = grace.screen.row("Safari on iPhone");
      await grace.screen.press("Sign out", other);
      expect(await grace.screen.words()).toContain("That device is signed out");
      expect(await other.count()).toBe(0);
      await elsewhere.follow("Recent activity");
      expect(elsewhere.path).toBe("/sign-in");
      await grace.screen.reload();
      expect(grace.screen.path).toBe("/profile/sessions");
    });
  });

  describe(`a service account's key${skippedWithoutCurl}`, () => {
    const always = journey(() => ada.screen);
    const step = hasCurl ? always : always.skip;
    let key: string;

    /** What curl is answered with this key: the status, and how many bytes. */
    const ask = (apiKey: string) => {
      const url = `${desk.program.origin}/v1/authentication/verify`;
      return curl("nightly-report", apiKey, "-o", "/dev/null", "-w", "%{http_code} %{size_download}", url);
    };

    async function takeKey(): Promise<string> {
      keys.push(await ada.screen.field("API key").inputValue());
      return keys.at(-1) ?? "";
    }

    step("is generated by an administrator, who has created the account, and shown once", async () => {
      await ada.screen.follow("Service accounts");
      await ada.screen.fill({ Name: "nightly-report", Purpose: "Sends the figures every night" });
      await ada.screen.press("Create service account");
      await ada.screen.press("Generate API Key");
      key = await takeKey();
      expect(key).toMatch(/^lk[A-Za-z0-9]{46}$/);
      await ada.screen.press("Done");
      expect(await ada.screen.heading()).toBe("nightly-report");
      expect(await ada.screen.words()).toContain(`Its key begins with ${key.slice(0, 10)}`);
      expect(await ada.screen.everything()).not.toContain(key);
    });

    step("is used by curl, under the account's name, until it is regenerated", async () => {
      expect(await ask(key)).toBe("200 0");
      await ada.screen.press("Regenerate API Key");
      expect(await textOf(ada.screen.row("curl/"))).toContain("127.0.0.1");
      await ada.screen.press("Regenerate API Key");
      const old = key;
      key = await takeKey();
      expect(await ask(old)).toBe("401 0");
      expect(await ask(key)).toBe("200 0");
      await ada.screen.press("Done");
    });

    step("is refused at once when it is revoked", async () => {
      await ada.screen.press("Revoke");
      await ada.screen.press("Revoke");
      expect(await ada.screen.words()).toContain("Nothing accepts it any more");
      expect(await ask(key)).toBe("401 0");
      expect(await ada.screen.button("Generate API Key").count()).toBe(1);
    });

    step("leaves its whole life in the trail, found by the account's name", async () => {
      await ada.screen.follow("Activity");
      await ada.screen.fill({ Person: "nightly-report" });
      await ada.screen.press("Search");
      const told = (await ada.screen.page.getByRole("row").allInnerTexts()).join("\n");
      expect(told.match(/Ada Lovelace .*nightly-report.*/g)?.map((line) => line.trim())).toEqual([
        "Ada Lovelace revoked nightly-report's API key",
        "Ada Lovelace regenerated nightly-report's API key",
        "Ada Lovelace generated nightly-report's API key",
        "Ada Lovelace created the service account nightly-report",
      ]);
    });
  });

  describe("the longest session timeout", () => {
    const step = journey(() => ada.screen);

    step("lowered to 1 hour is why the profile does not offer 90 days, which it says", async () => {
      await ada.screen.follow("Settings");
      await ada.screen.choose("Longest session timeout", "1 hour");
      await ada.screen.press("Save Changes");
      expect(await ada.screen.words()).toContain("Saved: Longest session timeout.");
      await ada.screen.follow(ada.name);
      const offered = await ada.screen.field("Session Timeout").locator("option").allInnerTexts();
      expect(offered.map((text) => text.trim())).toEqual(["15 minutes", "30 minutes", "1 hour"]);
      expect(await ada.screen.words()).toContain(
        "Your organisation allows at most 1 hour, so longer times such as 90 days are not offered.",
      );
    });
  });

  describe("afterwards", () => {
    it("there was no error in anybody's console, and the log holds no password, link or key", () => {
      expect(desk.screens.flatMap(({ troubles }) => troubles)).toEqual([]);
      const log = desk.program.log();
      const tokens = desk.office.mails.flatMap(({ links }) =>
        links.map((link) => link.split("=")[1] ?? link),
      );
      const secrets = [OLD_PASSWORD, NEW_PASSWORD, ada.password, joan.password, ...tokens, ...keys];
      expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);
      expect(log).toContain("/invitation");
    });
  });
});
