import { BrowserDesk } from "../support/browser-desk";
import { journey } from "../support/browser-journey";
import { Person } from "../support/browser-person";
import { textOf } from "../support/browser-screen";

const PHONE = { width: 360, height: 740 };
const PLACES = [
  "Ada Lovelace",
  "Where you're signed in",
  "Recent activity",
  "People",
  "Service accounts",
  "Activity",
  "Settings",
];

let desk: BrowserDesk;
let ada: Person;

const step = journey(() => desk?.screens);

beforeAll(async () => {
  desk = await BrowserDesk.open();
  const phone = await desk.device({ viewport: PHONE, javaScriptEnabled: false });
  ada = new Person("Ada", "Lovelace", "ada@example.com", "Sunshine-Harbour-42", phone);
  await ada.setUp(desk.program.setUpAddress);
});
afterAll(() => desk?.close());

describe("the navigation on a phone, without JavaScript", () => {
  step("has every place on the screen, large enough to touch, and marks where one is", async () => {
    const { screen } = ada;
    const navigation = screen.page.getByRole("navigation", { name: "Account" });
    for (const place of PLACES) {
      await screen.follow(place);
      const links = await navigation.getByRole("link").all();
      expect(await Promise.all(links.map(textOf))).toEqual(PLACES);
      for (const link of [...links, screen.button("Sign out", navigation)]) {
        const { x = -1, y = -1, width = 0, height = 0 } = (await link.boundingBox()) ?? {};
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x + width).toBeLessThanOrEqual(PHONE.width);
        expect(y + height).toBeLessThanOrEqual(PHONE.height / 3);
        expect(height).toBeGreaterThanOrEqual(40);
      }
      expect(await textOf(navigation.locator("[aria-current=page]"))).toBe(place);
    }
  });

  step("has a long name on one line of it", async () => {
    const { screen } = ada;
    await screen.visit("/profile");
    await screen.fill({ "First Name": "Wolfeschlegelsteinhausen".repeat(4), "Last Name": "von Bergerdorff" });
    await screen.press("Save Changes");
    const name = screen.page.getByRole("link", { name: "von Bergerdorff" });
    const { x = 0, width = 999, height = 999 } = (await name.boundingBox()) ?? {};
    expect(x + width).toBeLessThanOrEqual(PHONE.width);
    expect(height).toBeLessThanOrEqual(48);
  });
});
