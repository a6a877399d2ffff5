import { Client } from "pg";
import { BrowserDesk } from "../support/browser-desk";
import { inspect, TO_INSPECT } from "../support/browser-inspect";
import { journey } from "../support/browser-journey";
import { Person } from "../support/browser-person";

let desk: BrowserDesk;
let ada: Person;
let db: Client;

const step = journey(() => desk?.screens);

beforeAll(async () => {
  desk = await BrowserDesk.open();
  ada = new Person(
    "Ada",
    "Lovelace",
    "ada@example.com",
    "Sunshine-Harbour-42",
    await desk.device(TO_INSPECT),
  );
  await ada.setUp(desk.program.setUpAddress);
  db = new Client({ connectionString: await desk.program.databaseUrl() });
  await db.connect();
});
afterAll(async () => {
  await db?.end();
  await desk?.close();
});

const idleFor = (seconds: number) =>
  db.query("update sessions set last_active_at = clock_timestamp() - make_interval(secs => $1)", [seconds]);

describe("every page around the end of a session has nothing for axe to find and does not scroll sideways", () => {
  step("the question a minute before", async () => {
    const { screen } = ada;
    await screen.visit("/profile");
    await screen.page.evaluate("document.getElementById('session-end').showModal()");
    await inspect(screen, "Your profile");
  });

  step("what stands instead of the page while nobody can be asked", async () => {
    const { screen } = ada;
    await screen.visit("/profile");
    await screen.page.evaluate("cover(true)");
    await inspect(screen, "Your session may have ended", "Your profile");
  });

  step("a form sent after it: the sign-in page that says why, and the form as typed", async () => {
    const { screen } = ada;
    await screen.visit("/profile");
    await screen.fill({ "Phone Number": "555-0142" });
    await idleFor(1900);
    await screen.press("Save Changes");
    await inspect(screen, "Sign in");
    await ada.signIn();
    expect(await screen.field("Phone Number").inputValue()).toBe("555-0142");
    await inspect(screen, "Your profile");
  });

  step("told to have ended while another window was active", async () => {
    const { screen } = ada;
    await screen.visit("/session/ended?return=/profile");
    await inspect(screen, "You are still signed in");
  });

  step("another site's form, which is refused", async () => {
    const { screen } = ada;
    await screen.visit("/profile");
    await screen.page.evaluate("document.querySelector('main [name=_csrf]').value = 'forged'");
    await screen.press("Save Changes");
    expect(screen.status).toBe(403);
    await inspect(screen, await screen.heading());
  });
});
