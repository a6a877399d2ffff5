import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, type Known, PASSWORD, setUp, signIn } from "../support/people";
import { Visitor } from "../support/visitor";

let desk: TestDesk;
let ada: Known;
let grace: Known;
beforeEach(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
  grace = await addPerson(desk, "grace@example.com");
});
afterEach(() => desk.close());

const idOf = async (email: string) =>
  (await desk.db.query("select id from people where email = $1", [email])).rows[0].id as string;
const rows = (known: Known) => {
  const $ = known.visitor.$;
  return $("tbody tr")
    .toArray()
    .map((row) => $(row).text().replace(/\s+/g, " ").trim());
};

describe("recent activity", () => {
  it("tells in words what one did, newest first, with device and address", async () => {
    const firefox = "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0";
    grace.visitor = await signIn(desk, grace, new Visitor(desk.origin, firefox));
    await grace.visitor.open("/profile");
    await grace.visitor.press("Generate API Key");
    await grace.visitor.open("/profile");
    await grace.visitor.fill("Session Timeout", "1 hour").press("Save Changes");
    await grace.visitor.follow("Recent activity");
    expect(grace.visitor.path).toBe("/profile/activity");
    const shown = rows(grace);
    expect(shown[0]).toContain("You changed your profile");
    expect(shown[0]).toContain("Session Timeout: 30 minutes → 1 hour");
    expect(shown[1]).toContain("You generated your API key");
    expect(shown[1]).toContain("Firefox on Windows");
    expect(shown[1]).toContain("127.0.0.1");
    expect(shown.at(-1)).toContain("You set up your two-factor authentication");
  });

  it("tells which key was generated, put in the place of another, and revoked", async () => {
    const { visitor } = grace;
    const pressed = async (button: string) => {
      await (await visitor.open("/profile")).press(button);
      if (button !== "Generate API Key") await visitor.press(button);
      return `lk${visitor.value("API key").slice(2, 10)}`;
    };
    const first = await pressed("Generate API Key");
    const second = await pressed("Regenerate API Key");
    await (await visitor.open("/profile/api-key/revoke")).press("Revoke");
    await visitor.open("/profile/activity");
    const [revoked, regenerated, generated] = rows(grace);
    expect(revoked).toContain(`You revoked your API key Key: ${second}`);
    expect(regenerated).toContain(`Key: ${second} Replaced key: ${first}`);
    expect(generated).toContain(`Key: ${first}`);
  });

  it("shows nobody else's, but what others did to one's account, without where they were", async () => {
    await desk.db.query(
      `insert into trail (action, actor_kind, actor_id, subject_id, address, client, details)
       values ('second-factor.reset', 'person', $1, $2, '192.0.2.99', 'curl/8.5.0', '{"reason": "lost phone"}'),
              ('profile.changed', 'person', $1, $1, '192.0.2.99', 'curl/8.5.0', '{}')`,
      [await idOf("ada@example.com"), await idOf("grace@example.com")],
    );
    await grace.visitor.open("/profile/activity");
    expect(rows(grace)[0]).toContain("Ada Lovelace reset your two-factor authentication");
    expect(rows(grace)[0]).toContain("Reason: lost phone");
    expect(grace.visitor.text).not.toContain("192.0.2.99");
    expect(grace.visitor.text).not.toContain("Ada Lovelace changed");
    await ada.visitor.open("/profile/activity");
    expect(rows(ada)[0]).toContain("You changed your profile");
    expect(rows(ada)[1]).toContain("You reset Grace Hopper's two-factor authentication");
  });

  it("tells what was done through mailed links without a stranger as its doer", async () => {
    const id = await idOf("grace@example.com");
    await desk.db.query(
      `insert into trail (action, actor_kind, subject_id, details)
       values ('password.reset-asked', 'visitor', $1, '{}'), ('password.reset', 'visitor', $1, '{"sessionsEnded": 2}'),
              ('email.changed', 'visitor', $1, '{"from": "a@example.com", "to": "b@example.com"}')`,
      [id],
    );
    await grace.visitor.open("/profile/activity");
    const [changed, set, asked] = rows(grace);
    expect(changed).toContain("Your email was changed through the link sent to the new address");
    expect(changed).toContain("Email: a@example.com → b@example.com");
    expect(set).toContain("Your password was set through a mailed link");
    expect(set).toContain("2 sessions ended");
    expect(asked).toContain("A link to set a new password was asked for");
    expect(grace.visitor.text).not.toContain("Somebody not signed in");
  });

  it("tells how one signed in and stayed signed in, without ids and without what did not happen", async () => {
    grace.visitor = await signIn(desk, grace);
    await grace.visitor.open("/profile/password");
    await grace.visitor
      .fill("Current password", PASSWORD)
      .fill("New password", "Another-Harbour-43")
      .press("Change password");
    await grace.visitor.open("/profile/password");
    await grace.visitor
      .fill("Current password", "Another-Harbour-43")
      .fill("New password", "A-Third-Harbour-44")
      .press("Change password");
    await grace.visitor.open("/profile/activity");
    const [stayed, changed, , changedBefore, signedIn] = rows(grace);
    expect(stayed).toContain("You stayed signed in after changing the password");
    expect(changed).toMatch(/^You changed your password \d/);
    expect(changedBefore).toContain("You changed your password 1 other session ended");
    expect(signedIn).toContain("You signed in with a one-time code");
    expect(grace.visitor.text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}|: 0/);
  });

  it("tells signing out apart from signing out another device, or all of them", async () => {
    await (await signIn(desk, grace)).press("Sign out");
    await signIn(desk, grace);
    await grace.visitor.open("/profile/sessions");
    const { action, fields } = endFirst(grace);
    await grace.visitor.post(action, fields);
    await signIn(desk, grace);
    await grace.visitor.open("/profile/sessions");
    await grace.visitor.press("Sign out everywhere else");
    await grace.visitor.open("/profile/activity");
    const told = rows(grace).filter((row) => row.includes("signed out"));
    expect(told).toHaveLength(3);
    expect(told[0]).toContain("You signed out everywhere else 1 session ended");
    expect(told[1]).toContain("You signed out another device");
    expect(told[2]).toMatch(/^You signed out \d/);
  });

  it("says what to do where there is nothing", async () => {
    await grace.visitor.open("/profile/activity?before=1");
    expect(grace.visitor.text).toContain("There is nothing here");
    await grace.visitor.follow("Show the newest entries");
    expect(rows(grace).length).toBeGreaterThan(0);
    await desk.db.query("alter table trail disable trigger all");
    await desk.db.query("delete from trail where $1 in (subject_id, actor_id)", [
      await idOf("grace@example.com"),
    ]);
    await grace.visitor.open("/profile/activity");
    expect(grace.visitor.text).toContain("There is nothing here yet");
    await grace.visitor.follow("Go to your profile");
    expect(grace.visitor.path).toBe("/profile");
  });

  it("comes a page at a time, each entry on exactly one page, in both directions", async () => {
    const id = await idOf("grace@example.com");
    await desk.db.query(
      `insert into trail (action, actor_kind, actor_id, subject_id, at, details)
       select 'profile.changed', 'person', case when n % 3 > 0 then $1::uuid else $2 end,
              case when n % 3 < 2 then $1::uuid else $2 end,
              now() - interval '1 day' * (n % 7), jsonb_build_object('n', n) from generate_series(1, 120) n`,
      [id, await idOf("ada@example.com")],
    );
    const all =
      (await desk.db.query("select from trail where subject_id = $1 or actor_id = $1", [id])).rowCount ?? 0;
    await grace.visitor.open("/profile/activity");
    const pages = [rows(grace)];
    while (grace.visitor.text.includes("Older")) pages.push(rows(await older(grace)));
    expect(pages.map((page) => page.length)).toEqual([50, 50, all - 100]);
    expect(new Set(pages.flat()).size).toBe(all);
    await grace.visitor.follow("Newer");
    expect(rows(grace)).toEqual(pages[1]);
    await grace.visitor.follow("Oldest");
    expect(rows(grace)).toHaveLength(50);
    expect(rows(grace).at(-1)).toBe(pages.flat().at(-1));
    await grace.visitor.follow("Newest");
    expect(rows(grace)).toEqual(pages[0]);
  });

  it("answers a query that is nonsense with a page", async () => {
    for (const query of [
      "before=x",
      "before=999999999999999999",
      "after=-1",
      "oldest=1&before=",
      "after=%27%3B",
    ]) {
      expect((await grace.visitor.open(`/profile/activity?${query}`)).status).toBe(200);
    }
    expect((await grace.visitor.open("/profile/activity?before=1&before=2")).status).toBe(400);
    expect((await grace.visitor.open("/profile/activity?before=%00")).status).toBe(400);
  });
});

async function older(known: Known): Promise<Known> {
  await known.visitor.follow("Older");
  return known;
}

/** The form that signs the first other device out. */
function endFirst({ visitor }: Known) {
  const form = visitor.$("form[action$='/end']").first();
  return {
    action: form.attr("action") ?? "",
    fields: { _csrf: String(form.find("[name=_csrf]").attr("value")) },
  };
}
