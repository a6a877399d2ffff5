import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, type Known, setUp } from "../support/people";
import { until } from "../support/until";

let desk: TestDesk;
let ada: Known;
beforeEach(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
});
afterEach(() => desk.close());

const rows = () => {
  const $ = ada.visitor.$;
  return $("tbody tr")
    .toArray()
    .map((row) => $(row).text().replace(/\s+/g, " ").trim());
};
const insert = (count: number) =>
  desk.db.query(
    `insert into trail (action, actor_kind, actor_id, subject_id, at, client, address, details)
     select (array['profile.changed', 'session.started', 'api-key.regenerated'])[n % 3 + 1], 'person', who, who,
            '2026-01-01T00:00:00Z'::timestamptz + interval '13 seconds' * n, 'curl/8.5.0', '192.0.2.1', '{}'
       from (select array_agg(id) as ids from people) p, generate_series(1, ${count}) n,
            lateral (select p.ids[n % cardinality(p.ids) + 1] as who) w`,
  );

describe("the trail for administrators", () => {
  it("shows everything, and is filtered by person, action and day", async () => {
    await addPerson(desk, "grace@example.com");
    await desk.db.query(
      `insert into trail (action, actor_kind, subject_id, at)
       select 'password.reset', 'visitor', id, '2026-03-01T23:59:59.999999Z' from people where email like 'grace%'`,
    );
    await ada.visitor.open("/admin/activity");
    expect(rows()[0]).toContain("Grace Hopper");
    expect(ada.visitor.text).toContain("Latchkey was set up, with Ada Lovelace as its first administrator");

    await search({ person: "GRACE@" });
    expect(rows().length).toBeGreaterThan(1);
    expect(ada.visitor.text).not.toContain(
      "Latchkey was set up, with Ada Lovelace as its first administrator",
    );
    await search({ action: "password.reset" });
    expect(rows()).toHaveLength(1);
    expect(rows()[0]).toContain("Grace Hopper's password was set through a mailed link");
    await search({ from: "2026-03-01", to: "2026-03-01" });
    expect(rows()).toHaveLength(1);
    await search({ from: "2026-03-02", to: "2026-03-03" });
    expect(ada.visitor.text).toContain("Nothing was found");
    await search({ person: "hopper GR" });
    expect(rows().length).toBeGreaterThan(0);
    await search({ person: "grace%" });
    expect(ada.visitor.text).toContain("Nothing was found");
  });

  it("says what is wrong with a filter, at its field, as typed", async () => {
    await search({ from: "2026-02-30", person: "x".repeat(300) });
    expect(ada.visitor.status).toBe(422);
    expect(ada.visitor.text).toContain("write the day as year-month-day");
    expect(ada.visitor.value("Person")).toBe("x".repeat(300));
    await desk.db.query(
      "insert into people (email, first_name, last_name, password_hash) select n || '@many.example', 'A', 'B', 'x' from generate_series(1, 60) n",
    );
    await search({ person: "many.example" });
    expect(ada.visitor.status).toBe(422);
    expect(ada.visitor.text).toContain("Write more of the name or email");
    for (const bad of ["person=a&person=b", "from=%00"]) {
      expect((await ada.visitor.open(`/admin/activity?${bad}`)).status).toBe(400);
      expect((await ada.visitor.raw(`/admin/activity/download?${bad}`)).status).toBe(400);
    }
    expect((await ada.visitor.raw("/admin/activity/download?from=yesterday")).status).toBe(422);
  });

  it("says that a day is before the other one, at the field, also instead of a file", async () => {
    await search({ from: "2026-03-02", to: "2026-03-01" });
    expect(ada.visitor.status).toBe(422);
    expect(ada.visitor.errors).toEqual({ to: "Choose a day that is not before the one in From" });
    expect(ada.visitor.value("From")).toBe("2026-03-02");
    const file = await ada.visitor.raw("/admin/activity/download?from=2026-03-02&to=2026-03-01");
    expect(file.status).toBe(422);
    await search({ from: "2026-02-30", to: "2026-02-01" });
    expect(ada.visitor.errors).toEqual({ from: "From: write the day as year-month-day, like 2026-11-23" });
    await search({ from: "2026-03-02" });
    expect(ada.visitor.status).toBe(200);
  });

  it("tells people of one name apart by their email, which leads to their page", async () => {
    const { id: first } = await addNamesake("grace.one@example.com");
    const { id: second } = await addNamesake("grace.two@example.com");
    const account = await desk.db.query(
      `insert into service_accounts (name, purpose, responsible_id) values ('nightly', 'reports', $1) returning id`,
      [first],
    );
    await desk.db.query(
      `insert into trail (action, actor_kind, actor_id, subject_id)
       values ('profile.changed', 'person', $1, $1), ('person.changed', 'person', $1, $2),
              ('api-key.revoked', 'person', $2, $3), ('password.reset', 'visitor', null, $2)`,
      [first, second, account.rows[0].id],
    );
    await ada.visitor.open("/admin/activity");
    const $ = ada.visitor.$;
    const links = (row: number) =>
      $("tbody tr")
        .eq(row)
        .find("a")
        .toArray()
        .map((a) => [$(a).text(), $(a).attr("href")]);
    const one = ["grace.one@example.com", `/admin/people/${first}`];
    const two = ["grace.two@example.com", `/admin/people/${second}`];
    expect(links(0)).toEqual([two]);
    expect(links(1)).toEqual([two, ["nightly", `/admin/service-accounts/${account.rows[0].id}`]]);
    expect(links(2)).toEqual([one, two]);
    expect(rows()[2]).toContain("Done by grace.one@example.com");
    expect(rows()[2]).toContain("About grace.two@example.com");
    expect(links(3)).toEqual([one]);
    await ada.visitor.follow("nightly");
    expect(ada.visitor.heading).toBe("nightly");
    await ada.visitor.open("/admin/activity");
    await ada.visitor.follow("grace.two@example.com");
    expect(ada.visitor.heading).toBe("Grace Hopper");
    await ada.visitor.open("/profile/activity");
    expect(ada.visitor.$("tbody a")).toHaveLength(0);
  });

  it("finds who was invited and has not joined, by any part of the address", async () => {
    await invite("edith.clarke@example.com");
    await invite("edith.clarke@example.com");
    await invite("annie@example.com");
    await search({ person: "Edith.CLARKE@" });
    expect(rows().map((row) => row.includes("Ada Lovelace sent an invitation"))).toEqual([true, true]);
    for (const row of rows()) {
      expect(row).toContain("Email: edith.clarke@example.com");
      expect(row).toContain("Role: member");
    }
    await search({ person: "annie", action: "invitation.sent" });
    expect(rows()).toHaveLength(1);
    await search({ person: "nnie% example" });
    expect(rows()).toHaveLength(0);
    await desk.db.query(
      `insert into trail (action, actor_kind, subject_id, details) select 'invitation.sent', 'person', gen_random_uuid(),
       jsonb_build_object('email', n || '@many.example', 'role', 'member') from generate_series(1, 60) n`,
    );
    await search({ person: "many.example" });
    expect(ada.visitor.status).toBe(422);
    expect(ada.visitor.errors.person).toContain("Write more of the name or email");
  });

  it("finds what was done about an API key by its id, as it is shown or as programs are told it", async () => {
    const key = (button: string) =>
      ada.visitor.press(button).then((page) => page.value("API key").slice(0, 10));
    await ada.visitor.open("/profile");
    const first = await key("Generate API Key");
    await ada.visitor.open("/profile");
    await ada.visitor.press("Regenerate API Key");
    const second = await key("Regenerate API Key");
    await ada.visitor.open("/profile");
    await (await ada.visitor.press("Revoke")).press("Revoke");
    const found = async (person: string, more = {}) => {
      await search({ person, ...more });
      return rows().map((row) => /(generated|regenerated|revoked) their API key/.exec(row)?.[1]);
    };
    for (const typed of [first, first.slice(2), ` ${first}…`])
      expect(await found(typed)).toEqual(["regenerated", "generated"]);
    expect(await found(second)).toEqual(["revoked", "regenerated"]);
    expect(await found(second, { action: "api-key.revoked" })).toEqual(["revoked"]);
    const file = await ada.visitor.raw(`/admin/activity/download?person=${second}`);
    expect(file.body.split("\r\n").map((line) => line.split(",")[2])).toEqual(
      expect.arrayContaining(['"api-key.revoked"', '"api-key.regenerated"']),
    );
    expect(file.body.split("\r\n")).toHaveLength(4);
    expect(await found("lkAAAAAAAA")).toEqual([]);
    expect((await found("Lovelace")).length).toBeGreaterThan(3);
  });

  it("tells changed settings in the words of their form", async () => {
    await ada.visitor.open("/admin/settings");
    await ada.visitor
      .fill("Two-factor authentication", "Optional")
      .fill("Longest session timeout", "8 hours")
      .fill("Longest time signed in", "7 days")
      .press("Save Changes");
    await ada.visitor.open("/admin/activity");
    expect(rows()[0]).toContain("Two-factor authentication: Everyone (recommended) → Optional");
    expect(rows()[0]).toContain("Longest session timeout: 90 days → 8 hours");
    expect(rows()[0]).toContain("Longest time signed in: 365 days → 7 days");
    expect(ada.visitor.$("tbody").text()).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}|session [0-9a-f]{8}/);
  });

  it("says what to do when nothing is found, and keeps the filter on a page that has nothing", async () => {
    await search({ person: "nobody" });
    expect(ada.visitor.text).toContain("Nothing was found");
    await ada.visitor.follow("clear it to see everything");
    expect(rows().length).toBeGreaterThan(0);
    expect(ada.visitor.value("Person")).toBe("");
    await ada.visitor.open("/admin/activity?action=installation.set-up&before=1");
    await ada.visitor.follow("Show the newest entries");
    expect(rows()).toHaveLength(1);
  });

  it("keeps the filter from page to page", async () => {
    await insert(600);
    await search({ action: "session.started", to: "2026-06-01" });
    await ada.visitor.follow("Older");
    expect(rows()).toHaveLength(50);
    expect(rows().every((row) => row.includes("signed in"))).toBe(true);
    await ada.visitor.follow("Newest");
    expect(ada.visitor.$("select[name=action] option[selected]").attr("value")).toBe("session.started");
  });

  it("comes as a CSV file, filtered, with every entry once, never cached, and harmless to spreadsheets", async () => {
    await insert(3300);
    await desk.db.query(
      `insert into trail (action, actor_kind, at, client, details)
       values ('profile.changed', 'person', '2026-01-01T00:00:00Z', '=cmd|" /C calc"!A0', '{"note": "a, \\"b\\""}')`,
    );
    const answer = await ada.visitor.raw("/admin/activity/download?action=profile.changed");
    expect(answer.status).toBe(200);
    expectCsvHeaders(answer.headers);
    const lines = answer.body.split("\r\n").slice(0, -1);
    const { rows: wanted } = await desk.db.query(
      "select id from trail where action = 'profile.changed' order by at desc, id desc",
    );
    expect(lines.slice(1).map((line) => line.split(",")[0])).toEqual(wanted.map((row) => `"${row.id}"`));
    expect(lines.at(-1)).toContain(`"'=cmd|"" /C calc""!A0"`);
    expect(lines.at(-1)).toContain('"{""note"":""a, \\""b\\""""}"');
  });

  it("comes as a CSV file that has the email of whoever was invited beside those of people", async () => {
    await invite("edith.clarke@example.com");
    await desk.db.query(
      `insert into trail (action, actor_kind, details) values ('invitation.sent', 'person', '{"email": 7}'),
       ('invitation.sent', 'person', 'null'), ('email.change-asked', 'person', '{"email": "x@example.com"}')`,
    );
    const { body } = await ada.visitor.raw("/admin/activity/download");
    const emails = body.split("\r\n").map((line) => [line.split(",")[2], line.split(",")[9]]);
    expect(emails.slice(0, 5)).toEqual([
      ['"Action"', '"Email of whom it is about"'],
      ['"email.change-asked"', '""'],
      ['"invitation.sent"', '""'],
      ['"invitation.sent"', '""'],
      ['"invitation.sent"', '"edith.clarke@example.com"'],
    ]);
  });

  it("comes as a CSV file that says it is UTF-8", async () => {
    const answer = await fetch(`${desk.origin}/admin/activity/download`, {
      headers: { cookie: ada.visitor.cookieHeader() },
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.subarray(0, 11).toString("latin1")).toBe('\xef\xbb\xbf"Number"');
  });

  it("is not read for the headers of the CSV file alone", async () => {
    await withTrailLocked(async () => {
      const answer = await ada.visitor.raw("/admin/activity/download", {
        method: "HEAD",
        signal: AbortSignal.timeout(10_000),
      });
      expect(answer).toMatchObject({ status: 200, body: "" });
      expectCsvHeaders(answer.headers);
    });
  });

  it("is logged in one line when a download is broken off, and with its cause when the database breaks it", async () => {
    const told = (level: number) =>
      desk.log.map((line) => JSON.parse(line)).filter((line) => line.level === level);
    await withTrailLocked(async () => {
      const stop = new AbortController();
      const headers = { cookie: ada.visitor.cookieHeader() };
      await fetch(`${desk.origin}/admin/activity/download`, { headers, signal: stop.signal });
      stop.abort();
    });
    // Some versions of Node tell of it only once the rows that were asked for are there.
    await until("it is logged", () => desk.log.some((line) => line.includes("A download was broken off")));
    expect(desk.log.filter((line) => line.includes("broken off"))).toHaveLength(1);
    expect(told(30).filter((line) => line.err)).toEqual([]);
    expect(told(40)).toEqual([]);
    await withTrailLocked(async () => {
      const broken = ada.visitor.raw("/admin/activity/download").catch(() => "broken");
      await until("it waits for the trail", async () => {
        const { rowCount } = await desk.db.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return rowCount === 1;
      });
      expect(await broken).toBe("broken");
    });
    expect(told(40)).toMatchObject([{ msg: "A download ended early", err: { stack: expect.any(String) } }]);
  });

  it("is refused to a member", async () => {
    const grace = await addPerson(desk, "grace@example.com");
    for (const path of ["/admin/activity", "/admin/activity/download"]) {
      const answer = await grace.visitor.raw(path);
      expect(answer.status).toBe(403);
      expect(answer.body).not.toContain("Ada");
    }
  });
});

function expectCsvHeaders(headers: Headers): void {
  expect(headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(headers.get("content-disposition")).toBe("attachment; filename=activity.csv");
  expect(headers.get("cache-control")).toBe("no-store");
}

/** Whoever reads the trail meanwhile waits. */
async function withTrailLocked(work: () => Promise<void>): Promise<void> {
  const holder = await desk.db.connect();
  try {
    await holder.query("begin; lock table trail");
    await work();
  } finally {
    await holder.query("rollback");
    holder.release();
  }
}

async function addNamesake(email: string): Promise<{ id: string }> {
  const { rows: added } = await desk.db.query(
    `insert into people (email, first_name, last_name, password_hash) values ($1, 'Grace', 'Hopper', 'x') returning id`,
    [email],
  );
  return added[0];
}

async function invite(email: string): Promise<void> {
  await ada.visitor.open("/admin/people/invite");
  await ada.visitor.fill("Email", email).press("Send invitation");
}

async function search(fields: Record<string, string>): Promise<void> {
  await ada.visitor.open(`/admin/activity?${new URLSearchParams(fields)}`);
}
