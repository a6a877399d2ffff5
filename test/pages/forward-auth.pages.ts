import { BrowserDesk } from "../support/browser-desk";
import { inspect, TO_INSPECT } from "../support/browser-inspect";
import { journey } from "../support/browser-journey";
import { Person } from "../support/browser-person";

const WIKI = "http://localhost:8080";

let desk: BrowserDesk;
let ada: Person;

const step = journey(() => desk?.screens);

beforeAll(async () => {
  desk = await BrowserDesk.open({ RETURN_ORIGINS: WIKI });
  ada = new Person(
    "Ada",
    "Lovelace",
    "ada@example.com",
    "Sunshine-Harbour-42",
    await desk.device(TO_INSPECT),
  );
  await ada.setUp(desk.program.setUpAddress);
});

afterAll(() => desk?.close());

describe("what applications lead to has nothing for axe to find and does not scroll sideways", () => {
  step("where a role is missing", async () => {
    await ada.screen.visit("/auth/forward?role=billing&role=support,operations");
    expect(ada.screen.status).toBe(403);
    await inspect(ada.screen, "You may not open this", "Not allowed");
    expect(await ada.screen.words()).toContain(
      "You are signed in as Ada Lovelace (ada@example.com), and this needs the role billing and one of the roles support, operations.",
    );
  });

  step("where somebody signs out", async () => {
    await ada.screen.follow("sign out");
    expect(ada.screen.path).toBe("/sign-out");
    await inspect(ada.screen, "Sign out?");
    await ada.screen.press("Cancel");
    expect(ada.screen.path).toBe("/profile");
    await ada.screen.visit("/sign-out");
    await ada.screen.press("Sign out now");
    expect(await ada.screen.words()).toContain("You have signed out.");
  });

  step("where somebody signs in to go on to an application", async () => {
    await ada.screen.visit(`/sign-in?return=${encodeURIComponent(`${WIKI}/page`)}`);
    await inspect(ada.screen, "Sign in");
    expect(await ada.screen.words()).toContain("Sign in to go on to localhost:8080.");
  });
});
