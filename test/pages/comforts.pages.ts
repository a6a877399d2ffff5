import { readFileSync } from "node:fs";
import type { Dialog } from "playwright-core";
import { Authenticator } from "../support/browser-authenticator";
import { pasted } from "../support/browser-clipboard";
import { BrowserDesk } from "../support/browser-desk";
import { journey } from "../support/browser-journey";
import { Person } from "../support/browser-person";
import { textOf } from "../support/browser-screen";

// How many groups of its letters stand apart from the group before, on the same line or on the next.
const GAPS_IN_KEY = `[...document.querySelectorAll("#setup-key span")]
  .map((group) => group.getBoundingClientRect())
  .filter((group, i, all) => i > 0 && (group.left - all[i - 1].right > 8 || group.top >= all[i - 1].bottom)).length`;

let desk: BrowserDesk;
let ada: Person;

const step = journey(() => desk?.screens);

beforeAll(async () => {
  desk = await BrowserDesk.open();
  const screen = await desk.device({ timezoneId: "Asia/Tokyo" });
  await screen.page.context().grantPermissions(["clipboard-write"]);
  ada = new Person("Ada", "Lovelace", "ada@example.com", "Sunshine-Harbour-42", screen);
});
afterAll(() => desk?.close());

describe("a script where there is one", () => {
  step("shows a password and hides it again, and sends it as a password", async () => {
    const { screen } = ada;
    await screen.visit("/sign-in");
    await screen.fill({ Password: ada.password });
    await screen.button("Show password").click();
    expect(await screen.field("Password").getAttribute("type")).toBe("text");
    await screen.button("Hide password").click();
    expect(await screen.field("Password").getAttribute("type")).toBe("password");
    await screen.button("Show password").click();
    await screen.page.evaluate(`document.forms[0].addEventListener("submit", (event) => {
      event.preventDefault();
      document.title = event.target.querySelector("#password").type;
    })`);
    await screen.button("Sign in").click();
    expect(await screen.title()).toBe("password");
  });

  step("is not needed to save the recovery codes as text", async () => {
    const { screen } = ada;
    await ada.setUp(desk.program.setUpAddress);
    await screen.visit("/profile/two-factor/recovery-codes");
    await screen.press("Get new recovery codes");
    const shown = (await screen.words()).match(/\b\w{4}-\w{4}-\w{4}-\w{4}\b/g) ?? [];
    const saving = screen.page.waitForEvent("download");
    await screen.page.getByRole("link", { name: "Download as text" }).click();
    const saved = await saving;
    expect(saved.suggestedFilename()).toBe("latchkey-recovery-codes.txt");
    const text = readFileSync(await saved.path(), "utf8");
    expect(text).toContain("Latchkey recovery codes for ada@example.com");
    expect(shown).toHaveLength(10);
    for (const code of shown) expect(text).toContain(code);
  });

  step("nor to print them: on one page, with nothing but what they are and whose", async () => {
    const { page } = ada.screen;
    await page.emulateMedia({ media: "print" });
    const printed = await ada.screen.words();
    const pdf = (await page.pdf({ format: "A5" })).toString("latin1");
    await page.emulateMedia({ media: null });
    expect(pdf.match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
    expect(printed).toMatch(
      /^Your recovery codes .* Latchkey recovery codes for ada@example\.com( \w{4}-\w{4}-\w{4}-\w{4}){10}$/,
    );
  });

  step("asks before recovery codes are left that were not kept, unless by Done", async () => {
    const { screen } = ada;
    await screen.visit("/profile/two-factor/recovery-codes");
    await screen.press("Get new recovery codes");
    const dialogs: string[] = [];
    const stay = (dialog: Dialog) => {
      dialogs.push(dialog.type());
      return dialog.dismiss();
    };
    screen.page.on("dialog", stay);
    await screen.page.getByRole("link", { name: "Recent activity" }).click();
    expect(dialogs).toEqual(["beforeunload"]);
    expect(await screen.heading()).toBe("Your recovery codes");
    await screen.press("Done");
    expect(screen.path).toBe("/profile");
    expect(dialogs).toEqual(["beforeunload"]);
    screen.page.off("dialog", stay);
  });

  step("is not needed to read the setup key in groups of four, nor to copy it in one piece", async () => {
    const { screen } = ada;
    await screen.visit("/profile/two-factor/reset");
    const { secret } = await Authenticator.scan(screen.page);
    await screen.page.getByText("Can't scan the QR code?", { exact: true }).click();
    const key = screen.page.locator("#setup-key");
    expect(await textOf(key)).toBe(secret);
    expect(await screen.page.evaluate(GAPS_IN_KEY)).toBe(secret.length / 4 - 1);
    await key.click();
    await screen.page.keyboard.press("ControlOrMeta+c");
    expect((await pasted(screen)).trim()).toBe(secret);
  });

  step("leaves no question mark behind a button that only leads somewhere", async () => {
    const { screen } = ada;
    await screen.visit("/profile/password");
    await screen.press("Cancel");
    expect(screen.page.url()).toBe(`${screen.origin}/profile`);
    for (const kept of ["/admin/people?q=ada#people-caption", "/admin/people?q=ada&more=?"]) {
      await screen.visit(kept);
      expect(screen.page.url()).toBe(`${screen.origin}${kept}`);
    }
  });

  step("leaves the Tab key where a page begins: it leads to the skip link first", async () => {
    const { screen } = ada;
    for (const address of ["/profile", "/profile/activity", "/admin/settings"]) {
      await screen.visit(address);
      await screen.page.keyboard.press("Tab");
      expect(await screen.focus()).toBe("Skip to the content");
    }
  });

  step("tells times in the reader's own zone, and the exact one to whoever points at it", async () => {
    const { screen } = ada;
    await screen.visit("/profile/sessions");
    const time = screen.page.locator("time").first();
    const at = new Date((await time.getAttribute("datetime")) ?? "");
    const hour = String((at.getUTCHours() + 9) % 24).padStart(2, "0");
    expect(await textOf(time)).toContain(`${hour}:${String(at.getUTCMinutes()).padStart(2, "0")}`);
    expect(await time.getAttribute("title")).toMatch(/UTC$/);
  });

  step("asks before a key is left that was not copied, and no more once it was", async () => {
    const { screen } = ada;
    const asked: string[] = [];
    screen.page.on("dialog", (dialog) => {
      asked.push(dialog.type());
      dialog.accept();
    });
    await screen.visit("/profile");
    await screen.press("Generate API Key");
    // Browsers only ask where somebody has touched the page.
    await screen.field("API key").click();
    await screen.press("Done");
    expect(asked).toEqual(["beforeunload"]);
    await screen.press("Regenerate API Key");
    await screen.press("Regenerate API Key");
    await screen.button("Copy").click();
    await screen.button("Copied").waitFor();
    await screen.press("Done");
    expect(asked).toEqual(["beforeunload"]);
  });
});
