import { BrowserDesk } from "../support/browser-desk";
import { journey } from "../support/browser-journey";
import { Person } from "../support/browser-person";
import type { Screen } from "../support/browser-screen";

const PASSWORD = "Sunshine-Harbour-42, and more words than anybody would type";

let desk: BrowserDesk;
let ada: Person;

const step = journey(() => desk?.screens);

beforeAll(async () => {
  desk = await BrowserDesk.open();
  ada = new Person("Ada", "Lovelace", "ada@example.com", PASSWORD, await desk.device({}));
});
afterAll(() => desk?.close());

type Left = Record<"local" | "session" | "databases" | "caches", string[]> & {
  workers: number;
  readable: string;
};

// Without HTTPS browsers offer neither caches nor workers but on localhost.
const LOOK = `(async () => ({
  local: Object.keys(localStorage),
  session: Object.keys(sessionStorage),
  databases: (await indexedDB.databases()).map(({ name }) => name),
  caches: "caches" in window ? await caches.keys() : [],
  workers: "serviceWorker" in navigator ? (await navigator.serviceWorker.getRegistrations()).length : 0,
  readable: document.cookie,
}))()`;

/** All that the site has left in this browser, as the browser itself tells it. */
async function leftIn({ page, origin }: Screen) {
  expect(new URL(page.url()).origin).toBe(origin);
  const cookies = (await page.context().cookies()).map(({ name, httpOnly }) => ({ name, httpOnly }));
  return { ...(await page.evaluate<Left>(LOOK)), cookies };
}

const NOTHING_BUT_THE_COOKIE = {
  local: [],
  session: [],
  databases: [],
  caches: [],
  workers: 0,
  readable: "",
  cookies: [{ name: "latchkey", httpOnly: true }],
};

/** Puts words into a field as from the clipboard. */
async function paste(screen: Screen, label: string, words: string): Promise<void> {
  const elsewhere = await screen.page.context().newPage();
  await elsewhere.setContent("<textarea></textarea>");
  await elsewhere.locator("textarea").fill(words);
  await elsewhere.locator("textarea").selectText();
  await elsewhere.keyboard.press("ControlOrMeta+c");
  await elsewhere.close();
  await screen.field(label).focus();
  await screen.page.keyboard.press("ControlOrMeta+v");
}

describe("in a browser", () => {
  step("a password can be pasted wherever one is asked for", async () => {
    const { screen } = ada;
    await ada.setUp(desk.program.setUpAddress);
    await ada.signOut();
    await screen.visit("/sign-in");
    await screen.fill({ Email: ada.email });
    await paste(screen, "Password", ada.password);
    expect(await screen.field("Password").inputValue()).toBe(PASSWORD);
    await screen.press("Sign in");
    expect(screen.path).toBe("/sign-in/two-factor");
    await paste(screen, "One-time code", await ada.authenticator.code());
    await screen.press("Verify");
    expect(screen.path).toBe("/profile");
    await screen.visit("/profile/password");
    for (const label of ["Current password", "New password"]) {
      await paste(screen, label, PASSWORD);
      expect(await screen.field(label).inputValue()).toBe(PASSWORD);
    }
  });

  step(
    "nothing is stored but the cookie, which no script can read, whatever was shown, typed and copied",
    async () => {
      const { screen } = ada;
      await screen.visit("/profile");
      await screen.fill({ "Phone Number": "555-0199" });
      await screen.press("Save Changes");
      await screen.press("Generate API Key");
      await screen.button("Copy").click();
      expect(await leftIn(screen)).toEqual(NOTHING_BUT_THE_COOKIE);
      await screen.press("Done");
      await screen.visit("/profile/two-factor/reset");
      expect(await leftIn(screen)).toEqual(NOTHING_BUT_THE_COOKIE);
      await screen.visit("/admin/people");
      await ada.signOut();
      const left = await leftIn(screen);
      expect({ ...left, cookies: [] }).toEqual({ ...NOTHING_BUT_THE_COOKIE, cookies: [] });
    },
  );
});
