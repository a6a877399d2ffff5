import type { Browser } from "playwright-core";
import { openBrowser } from "../support/browser";
import { Authenticator } from "../support/browser-authenticator";
import { inspect, TO_INSPECT } from "../support/browser-inspect";
import { journey } from "../support/browser-journey";
import { type Program, startProgram } from "../support/browser-program";
import { Screen } from "../support/browser-screen";

const EMAIL = "ada@example.com";
const NOBODY = "nobody@example.com";
const PASSWORD = "Sunshine-Harbour-42";

let program: Program;
let browser: Browser;
let screen: Screen;
let authenticator: Authenticator;
let recoveryCode: string;

const step = journey(() => screen);

beforeAll(async () => {
  program = await startProgram();
  browser = await openBrowser();
  screen = await Screen.open(await browser.newContext(TO_INSPECT), program.origin);
});

afterAll(async () => {
  await browser?.close();
  await program?.stop();
});

// On how many lines each code stands: [1] for all of them on one.
const LINES_OF_CODES = `[...new Set([...document.querySelectorAll("#recovery-codes code")]
  .map((code) => code.getClientRects().length))]`;

async function tooOften(path: string, form: Record<string, string>, times: number): Promise<void> {
  const body = new URLSearchParams(form);
  for (let i = 0; i < times; i++) await fetch(program.origin + path, { method: "POST", body });
}

describe("every page has nothing for axe to find in light or dark, does not scroll sideways on a phone, and keeps to itself", () => {
  step("sign-in while set-up is pending", async () => {
    await screen.visit("/");
    await inspect(screen, "Sign in");
  });

  step("set-up, also with mistakes", async () => {
    await screen.visit(program.setUpAddress);
    await inspect(screen, "Set up Latchkey");
    await screen.press("Create administrator");
    expect(screen.status).toBe(422);
    await inspect(screen, "Set up Latchkey", "Error: ");
  });

  step(
    "enrolment, also with the setup key shown and with a wrong code; the QR code can be read in the dark",
    async () => {
      await screen.fill({ "First Name": "Ada", "Last Name": "Lovelace", Email: EMAIL, Password: PASSWORD });
      await screen.press("Create administrator");
      authenticator = await Authenticator.scan(screen.page);
      await inspect(screen, "Set up two-factor authentication");
      await screen.page.emulateMedia({ colorScheme: "dark" });
      expect((await Authenticator.scan(screen.page)).secret).toBe(authenticator.secret);
      await screen.page.getByText("Can't scan the QR code?").click();
      await inspect(screen, "Set up two-factor authentication");
      await screen.fill({ "One-time code": authenticator.wrongCode() });
      await screen.press("Verify");
      await inspect(screen, "Set up two-factor authentication", "Error: ");
    },
  );

  step("recovery codes", async () => {
    await screen.fill({ "One-time code": await authenticator.code() });
    await screen.press("Verify");
    recoveryCode = (await screen.words()).match(/\b\w{4}-\w{4}-\w{4}-\w{4}\b/)?.[0] ?? "";
    await inspect(screen, "Your recovery codes");
    for (const width of [360, 768, 1280]) {
      await screen.page.setViewportSize({ width, height: 900 });
      expect({ width, lines: await screen.page.evaluate(LINES_OF_CODES) }).toEqual({ width, lines: [1] });
    }
    await screen.press("Done");
  });

  step("profile, without a key", async () => {
    await inspect(screen, "Your profile");
  });

  step("profile with mistakes, and as long as its fields allow", async () => {
    const long = "Wolfeschlegelsteinhausenbergerdorff-".repeat(3).slice(0, 100);
    await screen.fill({ "First Name": "", "Last Name": long, "Phone Number": "555-1234 ext. 5678 and more" });
    await screen.press("Save Changes");
    expect(screen.status).toBe(422);
    await inspect(screen, "Your profile", "Error: ");
    await screen.fill({ "First Name": long, "Phone Number": "" });
    await screen.press("Save Changes");
    expect(await screen.words()).toContain("Saved: First Name and Last Name.");
    await inspect(screen, "Your profile");
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
    await inspect(screen, "Your profile", "Error: ");
    expect(await screen.words()).toContain("Phone Number is now: 555-1234");
    await screen.press("Save Changes");
    expect(await screen.words()).toContain("Saved: Phone Number.");
  });

  step("key shown once, and what a reload of it says", async () => {
    await screen.press("Generate API Key");
    const key = await screen.field("API key").inputValue();
    await inspect(screen, "Your new API key");
    for (const client of [
      "Mozilla/5.0 (X11; Linux x86_64) Nightly-Inventory-Collector/12.34.567",
      "curl/8.5.0",
    ]) {
      const credentials = Buffer.from(`${EMAIL}:${key}`).toString("base64");
      const headers = { authorization: `Basic ${credentials}`, "user-agent": client };
      await fetch(`${program.origin}/v1/authentication/verify`, { headers });
    }
    await screen.reload();
    await inspect(screen, "Nothing was changed");
    await screen.press("Go to your profile");
  });

  step("profile, with a key that is in use", async () => {
    await inspect(screen, "Your profile");
  });

  step("regenerate, which warns", async () => {
    await screen.press("Regenerate API Key");
    await inspect(screen, "Regenerate API Key");
    await screen.press("Regenerate API Key");
    await inspect(screen, "Your new API key");
    await screen.press("Done");
  });

  step("profile, with a dead key that was in use", async () => {
    await inspect(screen, "Your profile");
  });

  step("revoke, which asks, and generate on a page of its own", async () => {
    await screen.press("Revoke");
    await inspect(screen, "Revoke API key");
    await screen.press("Revoke");
    await screen.visit("/profile/api-key/generate");
    await inspect(screen, "Generate API Key");
  });

  step("reset of two-factor authentication", async () => {
    await screen.visit("/profile/two-factor/reset");
    await inspect(screen, "Reset Two-Factor Authentication");
  });

  step("new recovery codes", async () => {
    await screen.visit("/profile/two-factor/recovery-codes");
    await inspect(screen, "Get new recovery codes");
  });

  step("confirm it's you, also with a wrong password", async () => {
    await screen.visit("/confirm-password");
    await inspect(screen, "Confirm it's you");
    await screen.press("Confirm");
    await inspect(screen, "Confirm it's you", "Error: ");
  });

  step("page not found", async () => {
    await screen.visit("/no-such-page");
    expect(screen.status).toBe(404);
    await inspect(screen, "Page not found");
  });

  step("sign-in, also with mistakes", async () => {
    await screen.visit("/profile");
    await screen.press("Sign out");
    await inspect(screen, "Sign in");
    await screen.press("Sign in");
    expect(screen.status).toBe(422);
    await inspect(screen, "Sign in", "Error: ");
  });

  step("one-time code, also when it is wrong", async () => {
    await screen.fill({ Email: EMAIL, Password: PASSWORD });
    await screen.press("Sign in");
    await inspect(screen, "Enter your one-time code");
    await screen.fill({ "One-time code": authenticator.wrongCode() });
    await screen.press("Verify");
    await inspect(screen, "Enter your one-time code", "Error: ");
  });

  step("recovery code, also when it is wrong, and what it says once it is used", async () => {
    await screen.follow("Use a recovery code");
    await inspect(screen, "Use a recovery code");
    await screen.fill({ "Recovery code": "not one" });
    await screen.press("Verify");
    await inspect(screen, "Use a recovery code", "Error: ");
    await screen.fill({ "Recovery code": recoveryCode });
    await screen.press("Verify");
    expect(await screen.words()).toContain("9 recovery codes left");
    await inspect(screen, "Your profile");
  });

  step("page not found, for strangers", async () => {
    await screen.press("Sign out");
    await screen.visit("/no-such-page");
    await inspect(screen, "Page not found");
  });

  step("sign-in and a forgotten password, after too many tries", async () => {
    await tooOften("/sign-in", { email: NOBODY, password: "wrong" }, 20);
    await screen.visit("/sign-in");
    await screen.fill({ Email: NOBODY, Password: PASSWORD });
    await screen.press("Sign in");
    expect(screen.status).toBe(429);
    await inspect(screen, "Sign in", "Error: ");
    await tooOften("/forgot-password", { email: NOBODY }, 5);
    await screen.visit("/forgot-password");
    await screen.fill({ Email: NOBODY });
    await screen.press("Send link");
    expect(screen.status).toBe(429);
    await inspect(screen, "Forgotten your password?", "Error: ");
  });
});
