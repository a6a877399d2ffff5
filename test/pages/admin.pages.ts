import { BrowserDesk } from "../support/browser-desk";
import { inspect, inspectMistakes, TO_INSPECT } from "../support/browser-inspect";
import { journey } from "../support/browser-journey";
import { Person } from "../support/browser-person";
import { Screen } from "../support/browser-screen";

// As long as they may be, with few places to break.
const LONG_NAME = "Wolfeschlegelsteinhausen".repeat(5).slice(0, 100);
const LONG_EMAIL = `${"wolfeschlegelsteinhausenbergerdorff".repeat(2).slice(0, 64)}@example.com`;
const LONG_ROLE = "reports:read-and-write-everything-for-everyone";
const LONG_ACCOUNT = "nightly-report-".repeat(7).slice(0, 100);

let desk: BrowserDesk;
let ada: Person;
let grace: Person;
let screen: Screen;
let apiKey: string;
/** The page of Grace, and of the service account. */
let person: string;
let account: string;

const step = journey(() => desk?.screens);

beforeAll(async () => {
  desk = await BrowserDesk.open();
  const device = () => desk.device(TO_INSPECT);
  ada = new Person("Ada", "Lovelace", "ada@example.com", "Sunshine-Harbour-42", await device());
  grace = new Person("Grace", LONG_NAME, LONG_EMAIL, "Copper-Lantern-Orbit-7", await device());
  screen = ada.screen;
  await ada.setUp(desk.program.setUpAddress);
  await screen.visit("/admin/people/invite");
  await screen.fill({ Email: grace.email });
  await screen.choose("Role", "member");
  await screen.press("Send invitation");
  await grace.join(await desk.mailedLink(grace.email, "You are invited to Latchkey"));
  await grace.enrol();
  await grace.screen.press("Generate API Key");
  apiKey = await grace.screen.field("API key").inputValue();
});

afterAll(() => desk?.close());

async function call(name: string, key: string): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${name}:${key}`).toString("base64")}`;
  const headers = { authorization, "user-agent": "Nightly-Inventory-Collector-For-Everything/12.34.567" };
  await fetch(`${desk.program.origin}/v1/authentication/verify`, { headers });
}

/** Does this in another window of the administrator's. */
async function inAnotherWindow(address: string, act: (other: Screen) => Promise<void>): Promise<void> {
  const other = await Screen.open(screen.page.context(), desk.program.origin);
  await other.visit(address);
  await act(other);
  await other.page.close();
}

describe("every page of the administration has nothing for axe to find and does not scroll sideways", () => {
  step("settings, also with mistakes, with roles, and changed in another window meanwhile", async () => {
    await screen.follow("Settings");
    await inspect(screen, "Settings");
    await screen.press("Add role");
    await inspectMistakes(screen, "Settings");
    for (const role of ["billing", LONG_ROLE]) {
      await screen.fill({ Name: role });
      await screen.press("Add role");
    }
    await inAnotherWindow("/admin/settings", async (other) => {
      await other.choose("Longest session timeout", "8 hours");
      await other.press("Save Changes");
    });
    await screen.choose("Two-factor authentication", "Administrators");
    await screen.press("Save Changes");
    await inspectMistakes(screen, "Settings", 409);
  });

  step("delete a role, which asks", async () => {
    await screen.visit("/admin/settings");
    await screen.follow(`Delete the role ${LONG_ROLE}`);
    await inspect(screen, "Delete role");
  });

  step("the list of people, filtered, and with nobody who fits", async () => {
    await screen.follow("People");
    await inspect(screen, "People");
    await screen.choose("Role", "administrator");
    await screen.choose("Show", "Active");
    await screen.press("Search");
    expect(await screen.row("Grace").count()).toBe(0);
    await inspect(screen, "People");
    await screen.fill({ "Name or email": "nobody at all" });
    await screen.press("Search");
    expect(await screen.words()).toContain("Nobody fits this search");
    await inspect(screen, "People");
    await screen.follow("Show everybody");
  });

  step("oneself", async () => {
    await screen.page.getByRole("main").getByRole("link", { name: "Ada Lovelace" }).click();
    await screen.page.getByText("This is you.").waitFor();
    await inspect(screen, "Ada Lovelace");
    await screen.press("Deactivate");
    await inspect(screen, "Deactivate Ada Lovelace");
    await screen.press("Deactivate");
    expect(screen.status).toBe(409);
    await inspect(screen, "Deactivate Ada Lovelace");
  });

  step("a person, also with mistakes, and changed in another window meanwhile", async () => {
    await screen.follow("People");
    await screen.follow(grace.name);
    person = screen.path;
    await inspect(screen, grace.name);
    await screen.fill({ "First Name": "", "Phone Number": "555-1234 ext. 5678 and more" });
    await screen.press("Save Changes");
    await inspectMistakes(screen, grace.name);
    await inAnotherWindow(person, async (other) => {
      await other.fill({ "Phone Number": "555-1234" });
      await other.press("Save Changes");
    });
    await screen.fill({ "First Name": "Grace", "Phone Number": "555-9876" });
    await screen.press("Save Changes");
    await inspectMistakes(screen, grace.name, 409);
  });

  step("a person's roles, also changed in another window meanwhile", async () => {
    await screen.visit(`${person}/roles`);
    await inspect(screen, `Roles of ${grace.name}`, "Roles");
    await inAnotherWindow(`${person}/roles`, async (other) => {
      await other.tick(LONG_ROLE);
      await other.press("Save Changes");
    });
    await screen.tick("billing");
    await screen.press("Save Changes");
    await inspectMistakes(screen, `Roles of ${grace.name}`, 409);
  });

  step("a person's sessions, which asks before they end", async () => {
    await screen.visit(person);
    await screen.press("Sign out everywhere");
    await inspect(screen, `Sign out ${grace.name} everywhere`, "Sign out");
  });

  step("a person's key, which asks before it is revoked, and revoked meanwhile", async () => {
    await call(grace.email, apiKey);
    await screen.visit(`${person}/api-key/revoke`);
    await inspect(screen, "Revoke API key");
    await inAnotherWindow(`${person}/api-key/revoke`, (other) => other.press("Revoke"));
    await screen.press("Revoke");
    expect(screen.status).toBe(409);
    await inspect(screen, "Nothing was changed");
  });

  step("a link for a new password, also without a reason, made, and sent before", async () => {
    await screen.visit(`${person}/password-link`);
    await inspect(screen, "Give a link for a new password");
    await screen.press("Make link");
    await inspectMistakes(screen, "Give a link for a new password");
    await screen.fill({ Reason: "Her mailbox is gone; seen in person" });
    await screen.press("Make link");
    await inspect(screen, "Link for a new password");
    await screen.reload();
    await inspect(screen, "Give a link for a new password");
  });

  step("reset of two-factor authentication of one, also without a reason", async () => {
    await screen.visit(`${person}/reset-two-factor`);
    await inspect(screen, "Reset Two-Factor Authentication");
    await screen.press("Reset Two-Factor Authentication");
    await inspectMistakes(screen, "Reset Two-Factor Authentication");
  });

  step("reset of two-factor authentication of several, also of nobody and without a reason", async () => {
    await screen.follow("People");
    await screen.press("Reset Two-Factor Authentication");
    expect(await screen.words()).toContain("Nobody is chosen");
    await inspect(screen, "Reset Two-Factor Authentication");
    await screen.press("Choose people");
    await screen.tick(`Choose ${grace.name}`);
    await screen.press("Reset Two-Factor Authentication");
    await inspect(screen, "Reset Two-Factor Authentication");
    await screen.press("Reset Two-Factor Authentication");
    await inspectMistakes(screen, "Reset Two-Factor Authentication");
    await screen.fill({ Reason: "Unbreakable".repeat(45) });
    await screen.press("Reset Two-Factor Authentication");
    await inspect(screen, "People");
    await screen.visit(`${person}/reset-two-factor`);
    expect(await screen.words()).toContain("nothing to reset");
    await inspect(screen, "Reset Two-Factor Authentication");
  });

  step("service accounts, none so far, also with mistakes", async () => {
    await screen.follow("Service accounts");
    await inspect(screen, "Service accounts");
    await screen.press("Create service account");
    await inspectMistakes(screen, "Service accounts");
  });

  step("a service account, also with mistakes, and changed in another window meanwhile", async () => {
    await screen.fill({ Name: LONG_ACCOUNT, Purpose: "Sends".repeat(60), "Responsible person": grace.email });
    await screen.tick(LONG_ROLE);
    await screen.press("Create service account");
    account = screen.path;
    await inspect(screen, LONG_ACCOUNT);
    await screen.fill({ Name: "a:b", Purpose: "" });
    await screen.press("Save Changes");
    await inspectMistakes(screen, LONG_ACCOUNT);
    await inAnotherWindow(account, async (other) => {
      await other.tick("billing");
      await other.press("Save Changes");
    });
    await screen.fill({ Name: LONG_ACCOUNT, Purpose: "Figures" });
    await screen.press("Save Changes");
    await inspectMistakes(screen, LONG_ACCOUNT, 409);
  });

  step("a service account's key: generated, in use, regenerated, and gone over", async () => {
    await screen.visit(`${account}/api-key/generate`);
    await inspect(screen, "Generate API Key");
    await screen.press("Generate API Key");
    const key = await screen.field("API key").inputValue();
    await inspect(screen, "The new API key");
    await call(LONG_ACCOUNT, key);
    await screen.press("Done");
    await screen.press("Regenerate API Key");
    await inspect(screen, "Regenerate API Key");
    await screen.press("Regenerate API Key");
    await screen.reload();
    await inspect(screen, "Nothing was changed");
    await call(LONG_ACCOUNT, key);
    await screen.press("Go to the account");
    await inspect(screen, LONG_ACCOUNT);
    await screen.press("Revoke");
    await inspect(screen, "Revoke API key");
  });

  step("a service account, deactivated and reactivated, which ask, and the list of them", async () => {
    await screen.visit(`${account}/deactivate`);
    await inspect(screen, `Deactivate ${LONG_ACCOUNT}`, "Deactivate");
    await screen.press("Deactivate");
    await inspect(screen, LONG_ACCOUNT);
    await screen.press("Reactivate");
    await inspect(screen, `Reactivate ${LONG_ACCOUNT}`, "Reactivate");
    await screen.press("Reactivate");
    await screen.follow("All service accounts");
    await inspect(screen, "Service accounts");
  });

  step("a person deactivated, also without the successor that is needed, and reactivated", async () => {
    await screen.visit(`${person}/deactivate`);
    await inspect(screen, `Deactivate ${grace.name}`);
    await screen.press("Deactivate");
    await inspectMistakes(screen, `Deactivate ${grace.name}`);
    await screen.fill({ "Successor's email": ada.email });
    await screen.press("Deactivate");
    await inspect(screen, grace.name);
    await screen.visit(`${person}/reactivate`);
    await inspect(screen, `Reactivate ${grace.name}`);
    await screen.press("Reactivate");
    await screen.visit(`${person}/deactivate`);
    await inspect(screen, `Deactivate ${grace.name}`);
  });

  step("the trail, with a filter that finds nothing, and with mistakes in the filter", async () => {
    await screen.follow("Activity");
    await inspect(screen, "Activity");
    await screen.fill({ Person: "nobody at all" });
    await screen.press("Search");
    expect(await screen.words()).toContain("Nothing was found");
    await inspect(screen, "Activity");
    await screen.visit("/admin/activity?from=yesterday&to=2026-02-30");
    await inspectMistakes(screen, "Activity");
  });

  step("a page that is not for members", async () => {
    await grace.screen.visit("/sign-in");
    await grace.givePassword();
    await grace.enrol();
    await grace.screen.visit("/admin/people");
    expect(grace.screen.status).toBe(403);
    await inspect(grace.screen, "Not allowed");
  });
});
