import { Client } from "pg";
import { BrowserDesk } from "../support/browser-desk";
import { byKeyboard } from "../support/browser-hand";
import { journey } from "../support/browser-journey";
import { Person } from "../support/browser-person";
import { Screen } from "../support/browser-screen";
import { until } from "../support/until";

let desk: BrowserDesk;
let ada: Person;
let other: Screen;
let db: Client;

const step = journey(() => desk?.screens);

beforeAll(async () => {
  desk = await BrowserDesk.open();
  ada = new Person("Ada", "Lovelace", "ada@example.com", "Sunshine-Harbour-42", await desk.device({}));
  await ada.setUp(desk.program.setUpAddress);
  other = await Screen.open(ada.screen.page.context(), desk.program.origin);
  db = new Client({ connectionString: await desk.program.databaseUrl() });
  await db.connect();
  for (const { page } of [ada.screen, other]) await page.clock.install();
});
afterAll(async () => {
  await db?.end();
  await desk?.close();
});

const notice = ({ page }: Screen) => page.getByRole("dialog", { name: "Are you still there?" });
const idle = async () =>
  (await db.query("select extract(epoch from clock_timestamp() - last_active_at)::float as s from sessions"))
    .rows[0].s;
/** Half an hour less `left` seconds passes without activity: for the server, and on the clock of the browser. */
async function pass(left: number, ...screens: Screen[]): Promise<void> {
  await db.query("update sessions set last_active_at = clock_timestamp() - make_interval(secs => $1)", [
    1800 - left,
  ]);
  for (const { page } of screens) await page.clock.fastForward((1800 - left) * 1000);
}

describe("a minute before the end of a session", () => {
  step("every tab asks whether to stay signed in, which is no activity itself", async () => {
    await ada.screen.visit("/profile");
    await other.visit("/profile/sessions");
    await pass(50, ada.screen, other);
    for (const screen of [ada.screen, other]) {
      await notice(screen).waitFor();
      expect(await screen.focus()).toBe("Stay signed in");
    }
    expect(await idle()).toBeGreaterThan(1740);
  });

  step("staying in one tab keeps the session, and takes the question away in the other", async () => {
    await byKeyboard.use(ada.screen.button("Stay signed in"));
    for (const screen of [ada.screen, other]) await notice(screen).waitFor({ state: "hidden" });
    expect(await idle()).toBeLessThan(30);
    expect(ada.screen.path).toBe("/profile");
  });

  step("a tab that was left alone does not ask while another is in use", async () => {
    await ada.screen.visit("/profile");
    await db.query("update sessions set last_active_at = clock_timestamp() - interval '10 s'");
    const asked = other.page.waitForResponse((response) => response.url().endsWith("/session/remaining"));
    await other.page.clock.fastForward(1760 * 1000);
    await asked;
    expect(await notice(other).isVisible()).toBe(false);
    expect(await idle()).toBeGreaterThan(9);
  });

  step("a form with what was typed is still there after staying", async () => {
    await ada.screen.visit("/profile");
    await ada.screen.fill({ "Phone Number": "555-0199" });
    await pass(50, ada.screen);
    await notice(ada.screen).waitFor();
    await ada.screen.button("Stay signed in").click();
    await notice(ada.screen).waitFor({ state: "hidden" });
    expect(await ada.screen.field("Phone Number").inputValue()).toBe("555-0199");
  });
});

describe("the end of a session in the middle of typing", () => {
  step("keeps what was typed: it is there after signing in, with nothing saved", async () => {
    await ada.screen.visit("/profile");
    await ada.screen.fill({ "First Name": "Augusta" });
    await other.page.close();
    await pass(-1, ada.screen);
    await until("the tab has moved", () => ada.screen.path === "/sign-in");
    await until("it says so", async () =>
      (await ada.screen.words()).includes("What you typed is kept for 15 minutes"),
    );
    await ada.signIn();
    expect(ada.screen.path).toBe("/profile");
    expect(await ada.screen.field("First Name").inputValue()).toBe("Augusta");
    expect(await ada.screen.words()).toContain("Nothing of this is saved yet");
    expect((await db.query("select first_name from people")).rows).toEqual([{ first_name: "Ada" }]);
    await ada.screen.press("Save Changes");
    other = await Screen.open(ada.screen.page.context(), desk.program.origin);
    await other.page.clock.install();
    expect(await ada.screen.words()).toContain("Saved: First Name.");
  });
});

describe("a laptop that slept past the end of a session", () => {
  step("goes to the sign-in page in every tab, which says why, and signing in leads back", async () => {
    await ada.screen.visit("/profile/activity");
    await other.visit("/profile/sessions");
    await pass(-3600, ada.screen, other);
    for (const screen of [ada.screen, other]) {
      await until("the tab has moved", () => screen.path === "/sign-in");
      await until("it says why", async () =>
        (await screen.words()).includes("You were signed out after 30 minutes without activity"),
      );
    }
    await ada.signIn();
    expect(ada.screen.path).toBe("/profile/activity");
    expect(ada.screen.troubles).toEqual([]);
  });
});

describe("the end of a session without a connection", () => {
  const shown = () =>
    ada.screen.page.getByRole("heading", { name: "Your session may have ended" }).isVisible();

  step("hides the page, and shows it again where the session went on elsewhere", async () => {
    await ada.screen.visit("/profile");
    await ada.screen.fill({ "First Name": "Augusta" });
    await ada.screen.page.context().setOffline(true);
    await ada.screen.page.clock.fastForward(1700 * 1000);
    expect(await shown()).toBe(false);
    await ada.screen.page.clock.fastForward(101 * 1000);
    await until("the page is hidden", shown);
    expect(await ada.screen.words()).not.toContain("Phone Number");
    await ada.screen.page.context().setOffline(false);
    await ada.screen.page.clock.fastForward(6 * 1000);
    await until("the page is back", async () => !(await shown()));
    expect(await ada.screen.field("First Name").inputValue()).toBe("Augusta");
  });

  step("leads to signing in once it is there again, and what was typed is kept", async () => {
    await ada.screen.page.context().setOffline(true);
    await pass(-1, ada.screen);
    await until("the page is hidden", shown);
    await ada.screen.page.context().setOffline(false);
    await ada.screen.page.clock.fastForward(6 * 1000);
    await until("the tab has moved", () => ada.screen.path === "/sign-in");
    await ada.signIn();
    expect(await ada.screen.field("First Name").inputValue()).toBe("Augusta");
    ada.screen.troubles.length = 0;
  });
});

describe("signing out in one tab", () => {
  step("takes what stands in the others away as soon as they are looked at again", async () => {
    await ada.screen.visit("/profile");
    await other.visit("/profile/sessions");
    await other.press("Sign out");
    await ada.screen.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    await until("the tab has moved", () => ada.screen.path === "/sign-in");
    expect(await ada.screen.everything()).not.toContain("Lovelace");
    expect(ada.screen.troubles).toEqual([]);
  });
});
