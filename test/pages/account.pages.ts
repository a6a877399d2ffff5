import { BrowserDesk } from "../support/browser-desk";
import { inspect, inspectMistakes, TO_INSPECT } from "../support/browser-inspect";
import { journey } from "../support/browser-journey";
import { Person } from "../support/browser-person";
import type { Screen } from "../support/browser-screen";

// As long as they may be, without a place to break.
const LONG_EMAIL = `${"wolfeschlegelsteinhausenbergerdorff".repeat(2).slice(0, 64)}@${"x".repeat(60)}.example.com`;
const NEW_EMAIL = LONG_EMAIL.replace("wolfe", "lamb");
const LONG_NAME = "Wolfeschlegelsteinhausen".repeat(5).slice(0, 100);

let desk: BrowserDesk;
let ada: Person;
let grace: Person;
let stranger: Screen;

const step = journey(() => desk?.screens);

beforeAll(async () => {
  desk = await BrowserDesk.open();
  const device = () => desk.device(TO_INSPECT);
  ada = new Person("Ada", "Lovelace", "ada@example.com", "Sunshine-Harbour-42", await device());
  grace = new Person("Grace", LONG_NAME, LONG_EMAIL, "Copper-Lantern-Orbit-7", await device());
  stranger = await device();
  await ada.setUp(desk.program.setUpAddress);
});

afterAll(() => desk?.close());

describe("every page around one's own account has nothing for axe to find and does not scroll sideways", () => {
  step("invite, also with mistakes, sent, sent before, and with open invitations", async () => {
    const { screen } = ada;
    await screen.visit("/admin/people/invite");
    await inspect(screen, "Invite");
    await screen.press("Send invitation");
    await inspectMistakes(screen, "Invite");
    await screen.fill({ Email: LONG_EMAIL });
    await screen.choose("Role", "member");
    await screen.press("Send invitation");
    await inspect(screen, "Invitation sent");
    await screen.reload();
    expect(await screen.words()).toContain("Nothing was sent: this form was sent before");
    await inspect(screen, "Invite");
  });

  step("withdraw an invitation, which asks", async () => {
    await ada.screen.follow(`Withdraw the invitation to ${LONG_EMAIL}`);
    await inspect(ada.screen, "Withdraw invitation");
    await ada.screen.press("Cancel");
  });

  step("join, also with mistakes, and where somebody is signed in", async () => {
    const link = await desk.mailedLink(LONG_EMAIL, "You are invited to Latchkey");
    await ada.screen.visit(link);
    expect(await ada.screen.words()).toContain("You are signed in as ada@example.com in this browser");
    await inspect(ada.screen, "Join");
    await grace.screen.visit(link);
    await inspect(grace.screen, "Join");
    await grace.screen.press("Join");
    await inspectMistakes(grace.screen, "Join");
    await grace.join(link);
    await grace.enrol();
    await stranger.visit(link);
    await inspect(stranger, "This invitation no longer works");
  });

  step("an invitation that never was", async () => {
    await stranger.visit("/invitation?token=cut");
    expect(stranger.status).toBe(404);
    await inspect(stranger, "This invitation no longer works");
  });

  step("where you're signed in, on one device and on two", async () => {
    await grace.screen.follow("Where you're signed in");
    await inspect(grace.screen, "Where you're signed in");
    await stranger.visit("/sign-in");
    await grace.signIn(stranger);
    await grace.screen.reload();
    await inspect(grace.screen, "Where you're signed in");
    await grace.screen.press("Sign out everywhere else");
  });

  step("recent activity, with entries and without", async () => {
    await grace.screen.follow("Recent activity");
    await inspect(grace.screen, "Recent activity");
    await grace.screen.visit("/profile/activity?before=1");
    expect(await grace.screen.words()).toContain("There is nothing here");
    await inspect(grace.screen, "Recent activity");
  });

  step("another password, also with mistakes", async () => {
    await grace.screen.visit("/profile/password");
    await inspect(grace.screen, "Change your password");
    await grace.screen.press("Change password");
    await inspectMistakes(grace.screen, "Change your password");
  });

  step("another email, also with mistakes, and asked for", async () => {
    await grace.screen.visit("/profile/email");
    await inspect(grace.screen, "Change your email");
    await grace.screen.press("Send link");
    await inspectMistakes(grace.screen, "Change your email");
    await grace.screen.fill({ "New email": NEW_EMAIL });
    await grace.screen.press("Send link");
    await inspect(grace.screen, "Check your new mailbox");
  });

  step("the link of another email, confirmed and used again", async () => {
    const link = await desk.mailedLink(NEW_EMAIL, "Confirm your new email address");
    await stranger.visit(link);
    await inspect(stranger, "Confirm your new email");
    await stranger.press("Confirm");
    await inspect(stranger, "Your email is changed");
    await stranger.visit(link);
    expect(stranger.status).toBe(410);
    await inspect(stranger, "This link does not work");
    grace.email = NEW_EMAIL;
  });

  step("forgotten password, also with mistakes, and asked for", async () => {
    await stranger.visit("/sign-in");
    await stranger.follow("Forgotten your password?");
    await inspect(stranger, "Forgotten your password?");
    await stranger.press("Send link");
    await inspectMistakes(stranger, "Forgotten your password?");
    await stranger.fill({ Email: grace.email });
    await stranger.press("Send link");
    await inspect(stranger, "Check your mailbox");
  });

  step("the link of a forgotten password, also with mistakes, saved and used again", async () => {
    const link = await desk.mailedLink(grace.email, "Choose a new password");
    await stranger.visit(link);
    await inspect(stranger, "Choose a new password");
    await stranger.press("Save password");
    await inspectMistakes(stranger, "Choose a new password");
    await stranger.fill({ "New password": "Another-Harbour-43" });
    await stranger.press("Save password");
    expect(await stranger.words()).toContain("Your new password is saved");
    await stranger.visit(link);
    expect(stranger.status).toBe(410);
    await inspect(stranger, "This link does not work");
  });
});
