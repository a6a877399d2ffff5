import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, type Known, setUp } from "../support/people";
import { until } from "../support/until";

// Nobody reads letters from this mail server: it is only known to be there.
const MAIL_SERVER = "smtp://127.0.0.1:9";
const PROMISES = /\bwe send\b|\bmails\b|\bwritten to\b|\bget a mail\b|\baddress (is|was) told\b|\bmailbox\b/i;

let without: Opened;
let withMail: Opened;
type Opened = { desk: TestDesk; ada: Known; grace: Known; person: string; account: string };

beforeAll(async () => {
  without = await open({});
  withMail = await open({ smtpUrl: MAIL_SERVER });
});
afterAll(async () => {
  await without?.desk.close();
  await withMail?.desk.close();
});

/** A desk with an administrator, a member who has a key and a service account, and that account. */
async function open(mail: { smtpUrl?: string }): Promise<Opened> {
  const desk = await openTestDesk(mail);
  const ada = await setUp(desk);
  const grace = await addPerson(desk, "grace@example.com");
  await (await grace.visitor.open("/profile")).press("Generate API Key");
  const { rows } = await desk.db.query("select id from people where email = $1", [grace.email]);
  const { visitor } = ada;
  await visitor.open("/admin/service-accounts");
  visitor.fill("Name", "nightly").fill("Purpose", "Figures").fill("Responsible person", grace.email);
  await visitor.press("Create service account");
  return { desk, ada, grace, person: `/admin/people/${rows[0].id}`, account: visitor.path };
}

const read = async ({ ada }: Opened, path: string) => (await ada.visitor.tab().open(path)).text;

describe.each<[string, (opened: Opened) => string, RegExp?]>([
  [
    "another email",
    () => "/profile/email",
    /sends no mail: the link .* the server's log\. Look for it there/,
  ],
  ["an invitation", () => "/admin/people/invite", /sends no mail: you are shown a link/],
  ["a person", ({ person }) => person, /give them a link: this installation sends no mail/],
  ["a link for a new password", ({ person }) => `${person}/password-link`, /sends no mail: this link is how/],
  ["a reset of two-factor authentication", ({ person }) => `${person}/reset-two-factor`],
  ["the end of a key", ({ person }) => `${person}/api-key/revoke`],
  ["a deactivation, which needs a successor", ({ person }) => `${person}/deactivate`],
  [
    "a service account",
    ({ account }) => account,
    /sends no mail, so tell them yourself when the key changes/,
  ],
])("the page of %s", (_, path, says = /sends no mail, so tell them yourself: .* the server's log/) => {
  it("promises no mail where none is sent, and says what takes its place", async () => {
    const text = await read(without, path(without));
    expect(text).toMatch(says);
    expect(text).not.toMatch(PROMISES);
  });

  it("promises it where it is sent", async () => {
    const text = await read(withMail, path(withMail));
    expect(text).toMatch(PROMISES);
    expect(text).not.toContain("sends no mail");
  });
});

describe("where no mail is sent", () => {
  it("a member is told to ask an administrator for the link of another email", async () => {
    const text = (await without.grace.visitor.tab().open("/profile/email")).text;
    expect(text).toContain("Ask your administrator for it");
    expect(text).not.toMatch(PROMISES);
  });

  it("whoever confirms another email is not told that the old address was", async () => {
    const { desk, ada } = without;
    const link = () => /\/profile\/email\/confirm\?token=[\w-]+/.exec(desk.log.join(""))?.[0];
    const page = ada.visitor.tab();
    await page.open("/profile/email");
    await page.fill("New email", "countess@example.com").press("Send link");
    await until("the letter is in the log", link);
    await page.open(link() ?? "");
    await page.press("Confirm");
    expect(page.heading).toBe("Your email is changed");
    expect(page.text).not.toMatch(PROMISES);
  });

  it("an administrator who has reset somebody's two-factor authentication is told to tell them", async () => {
    for (const several of [false, true]) {
      const { desk, ada } = without;
      const tired = await addPerson(desk, `tired-${several}@example.com`);
      const { rows } = await desk.db.query("select id from people where email = $1", [tired.email]);
      const page = ada.visitor.tab();
      await page.open(
        several
          ? `/admin/people/reset-two-factor?person-${rows[0].id}=yes`
          : `/admin/people/${rows[0].id}/reset-two-factor`,
      );
      expect(page.text).toContain("so tell them yourself");
      expect(page.text).not.toMatch(PROMISES);
      await page.fill("Reason", "Lost").press("Reset Two-Factor Authentication");
      expect(page.text).toContain("at next sign-in. This installation sends no mail, so tell them yourself");
      expect(page.$(".notice").text()).not.toMatch(PROMISES);
    }
  });
});
