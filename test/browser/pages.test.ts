import { readFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { openBrowser } from "../support/browser";
import { Authenticator } from "../support/browser-authenticator";
import { journey } from "../support/browser-journey";
import { type Program, startProgram } from "../support/browser-program";
import { Screen } from "../support/browser-screen";

const EMAIL = "ada@example.com";
const PASSWORD = "Sunshine-Harbour-42";
const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 320, height: 640 };

const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const RUN_AXE = `axe.run(document, { runOnly: ${JSON.stringify(TAGS)}, resultTypes: ["violations"] }).then(
  ({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => [id, target.join(" "), failureSummary].join(": "))))`;

// Elements that reach past the right edge and are not inside something that scrolls by itself.
const TOO_WIDE = `(() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const found = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > root.clientWidth + 0.5);
  return [root.scrollWidth + " wide", ...found.slice(-5).map((e) => e.outerHTML.slice(0, 120))];
})()`;

let program: Program;
let browser: Browser;
let screen: Screen;
let authenticator: Authenticator;
let recoveryCode: string;

const step = journey(() => screen);

beforeAll(async () => {
  program = await startProgram();
  browser = await openBrowser();
  const context = await browser.newContext({ viewport: WIDE, reducedMotion: "reduce" });
  screen = await Screen.open(context, program.origin);
});

afterAll(async () => {
  await browser?.close();
  await program?.stop();
});

/** Looks at the page on the screen in light and dark, on a wide screen and on a phone. */
async function inspect(heading: string, title = heading): Promise<void> {
  const { page } = screen;
  expect(await screen.heading()).toBe(heading);
  expect(await screen.title()).toContain(title);
  await page.evaluate(AXE);
  const found: Record<string, string[]> = {};
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    found[`${colorScheme}, wide`] = await page.evaluate(RUN_AXE);
  }
  await page.setViewportSize(PHONE);
  found["dark, phone"] = await page.evaluate(RUN_AXE);
  found["sideways on a phone"] = await page.evaluate(TOO_WIDE);
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light" });
  found["in the console"] = screen.troubles.splice(0);
  expect(Object.fromEntries(Object.entries(found).filter(([, problems]) => problems.length > 0))).toEqual({});
}

describe("every page has nothing for axe to find in light or dark, does not scroll sideways on a phone, and keeps to itself", () => {
  step("sign-in while set-up is pending", async () => {
    await screen.visit("/");
    await inspect("Sign in");
  });

  step("set-up, also with mistakes", async () => {
    await screen.visit(program.setUpAddress);
    await inspect("Set up Latchkey");
    await screen.press("Create administrator");
    expect(screen.status).toBe(422);
    await inspect("Set up Latchkey", "Error: ");
  });

  step(
    "enrolment, also with the setup key shown and with a wrong code; the QR code can be read in the dark",
    async () => {
      await screen.fill({ "First Name": "Ada", "Last Name": "Lovelace", Email: EMAIL, Password: PASSWORD });
      await screen.press("Create administrator");
      authenticator = await Authenticator.scan(screen.page);
      await inspect("Set up two-factor authentication");
      await screen.page.emulateMedia({ colorScheme: "dark" });
      expect((await Authenticator.scan(screen.page)).secret).toBe(authenticator.secret);
      await screen.page.getByText("Can't scan the QR code?").click();
      await inspect("Set up two-factor authentication");
      await screen.fill({ "One-time code": authenticator.wrongCode() });
      await screen.press("Verify");
      await inspect("Set up two-factor authentication", "Error: ");
    },
  );

  step("recovery codes", async () => {
    await screen.fill({ "One-time code": await authenticator.code() });
    await screen.press("Verify");
    recoveryCode = (await screen.words()).match(/\b\w{4}-\w{4}-\w{4}\b/)?.[0] ?? "";
    await inspect("Your recovery codes");
    await screen.press("Done");
  });

  step("profile, without a key", async () => {
    await inspect("Your profile");
  });

  step("profile with mistakes, and as long as its fields allow", async () => {
    const long = "Wolfeschlegelsteinhausenbergerdorff-".repeat(3).slice(0, 100);
    await screen.fill({ "First Name": "", "Last Name": long, "Phone Number": "555-1234 ext. 5678 and more" });
    await screen.press("Save Changes");
    expect(screen.status).toBe(422);
    await inspect("Your profile", "Error: ");
    await screen.fill({ "First Name": long, "Phone Number": "" });
    await screen.press("Save Changes");
    expect(await screen.words()).toContain("Saved: First Name and Last Name.");
    await inspect("Your profile");
    await screen.fill({ "First Name": "Ada", "Last Name": "Lovelace" });
    await screen.press("Save Changes");
  });

  step("profile changed in another window meanwhile", async () => {
    const other = await Screen.open(screen.page.context(), program.origin);
    await other.visit("/profile");
    await other.fill({ "Phone Number": "555-1234" });
    await other.press("Save Changes");
    await other.page.close();
    await screen.fill({ "Phone Number": "555-9876" });
    await screen.press("Save Changes");
    expect(screen.status).toBe(409);
    await inspect("Your profile", "Error: ");
    expect(await screen.words()).toContain("Phone Number is now: 555-1234");
    await screen.press("Save Changes");
    expect(await screen.words()).toContain("Saved: Phone Number.");
  });

  step("key shown once, and what a reload of it says", async () => {
    await screen.press("Generate API Key");
    const key = await screen.field("API key").inputValue();
    await inspect("Your new API key");
    for (const client of [
      "Mozilla/5.0 (X11; Linux x86_64) Nightly-Inventory-Collector/12.34.567",
      "curl/8.5.0",
    ]) {
      const credentials = Buffer.from(`${EMAIL}:${key}`).toString("base64");
      const headers = { authorization: `Basic ${credentials}`, "user-agent": client };
      await fetch(`${program.origin}/v1/authentication/verify`, { headers });
    }
    await screen.reload();
    await inspect("Nothing was changed");
    await screen.press("Go to your profile");
  });

  step("profile, with a key that is in use", async () => {
    await inspect("Your profile");
  });

  step("regenerate, which warns", async () => {
    await screen.press("Regenerate API Key");
    await inspect("Regenerate API Key");
    await screen.press("Regenerate API Key");
    await inspect("Your new API key");
    await screen.press("Done");
  });

  step("profile, with a dead key that was in use", async () => {
    await inspect("Your profile");
  });

  step("revoke, which asks, and generate on a page of its own", async () => {
    await screen.press("Revoke");
    await inspect("Revoke API key");
    await screen.press("Revoke");
    await screen.visit("/profile/api-key/generate");
    await inspect("Generate API Key");
  });

  step("reset of two-factor authentication", async () => {
    await screen.visit("/profile/two-factor/reset");
    await inspect("Reset Two-Factor Authentication");
  });

  step("new recovery codes", async () => {
    await screen.visit("/profile/two-factor/recovery-codes");
    await inspect("Get new recovery codes");
  });

  step("confirm it's you, also with a wrong password", async () => {
    await screen.visit("/confirm-password");
    await inspect("Confirm it's you");
    await screen.press("Confirm");
    await inspect("Confirm it's you", "Error: ");
  });

  step("page not found", async () => {
    await screen.visit("/no-such-page");
    expect(screen.status).toBe(404);
    await inspect("Page not found");
  });

  step("sign-in, also with mistakes", async () => {
    await screen.visit("/profile");
    await screen.press("Sign out");
    await inspect("Sign in");
    await screen.press("Sign in");
    expect(screen.status).toBe(422);
    await inspect("Sign in", "Error: ");
  });

  step("one-time code, also when it is wrong", async () => {
    await screen.fill({ Email: EMAIL, Password: PASSWORD });
    await screen.press("Sign in");
    await inspect("Enter your one-time code");
    await screen.fill({ "One-time code": authenticator.wrongCode() });
    await screen.press("Verify");
    await inspect("Enter your one-time code", "Error: ");
  });

  step("recovery code, also when it is wrong, and what it says once it is used", async () => {
    await screen.follow("Use a recovery code");
    await inspect("Use a recovery code");
    await screen.fill({ "Recovery code": "not one" });
    await screen.press("Verify");
    await inspect("Use a recovery code", "Error: ");
    await screen.fill({ "Recovery code": recoveryCode });
    await screen.press("Verify");
    expect(await screen.words()).toContain("9 recovery codes left");
    await inspect("Your profile");
  });

  step("page not found, for strangers", async () => {
    await screen.press("Sign out");
    await screen.visit("/no-such-page");
    await inspect("Page not found");
  });
});
