import { BrowserDesk } from "../support/browser-desk";
import { inspect, TO_INSPECT } from "../support/browser-inspect";
import { journey } from "../support/browser-journey";
import { Person } from "../support/browser-person";
import type { Screen } from "../support/browser-screen";

let desk: BrowserDesk;
let ada: Person;
let stranger: Screen;

const step = journey(() => desk?.screens);

beforeAll(async () => {
  desk = await BrowserDesk.open();
  const device = () => desk.device(TO_INSPECT);
  ada = new Person("Ada", "Lovelace", "ada@example.com", "Sunshine-Harbour-42", await device());
  stranger = await device();
  await ada.setUp(desk.program.setUpAddress);
});

afterAll(() => desk?.close());

/** Opens every disclosure of the page. */
async function openAll(screen: Screen): Promise<void> {
  for (const summary of await screen.page.locator("summary").all()) await summary.click();
}

describe("the page about the API has nothing for axe to find and does not scroll sideways", () => {
  step("for a stranger, also with everything opened", async () => {
    await stranger.visit("/docs/api");
    expect(stranger.status).toBe(200);
    expect(await stranger.words()).not.toContain("Sign out");
    await inspect(stranger, "API for programs");
    await openAll(stranger);
    await inspect(stranger, "API for programs");
  });

  step("for somebody who comes from the page that shows a key", async () => {
    const { screen } = ada;
    await screen.press("Generate API Key");
    await inspect(screen, "Your new API key");
    await screen.follow("What programs can ask");
    expect(screen.path).toBe("/docs/api");
    await inspect(screen, "API for programs");
    await screen.visit("/profile");
    await inspect(screen, "Your profile");
    await screen.follow("What programs can ask");
    expect(screen.path).toBe("/docs/api");
  });

  step("each of its links leads to something", async () => {
    const { screen } = ada;
    const inside = await screen.page
      .locator("main a")
      .evaluateAll((links) =>
        (links as { getAttribute(name: string): string | null }[]).map(
          (link) => link.getAttribute("href") ?? "",
        ),
      );
    expect(inside.length).toBeGreaterThan(10);
    for (const href of inside) {
      if (href.startsWith("#")) expect(await screen.page.locator(href).count()).toBe(1);
      else expect((await fetch(desk.program.origin + href)).status).toBe(200);
    }
  });
});
