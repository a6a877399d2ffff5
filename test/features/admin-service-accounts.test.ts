import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { listServiceAccountsOf, reassignServiceAccounts } from "../../src/records/service-accounts";
import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, type Known, setUp } from "../support/people";
import { untilBlocked } from "../support/until";
import { Visitor } from "../support/visitor";

const LIST = "/admin/service-accounts";

let desk: TestDesk;
let ada: Known;
let visitor: Visitor;
beforeEach(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
  visitor = ada.visitor;
  await desk.db.query("insert into roles (name) values ('billing'), ('reports: read')");
});
afterEach(() => desk.close());

const basic = (name: string, key: string) => `Basic ${Buffer.from(`${name}:${key}`).toString("base64")}`;
const ask = (headers: Record<string, string>, path = "/v1/authentication/verify", origin = desk.origin) =>
  new Visitor(origin, "curl/8.0").raw(path, { headers });
const works = async (key: string, origin = desk.origin) =>
  (await ask({ authorization: basic("nightly-report", key) }, undefined, origin)).status === 200;

async function create(name = "nightly-report", responsible = ada.email): Promise<string> {
  await visitor.open(LIST);
  visitor.fill("Name", name).fill("Purpose", "Sends the figures every night");
  await visitor.fill("Responsible person", responsible).tick("billing").press("Create service account");
  return visitor.path;
}

async function count(sql: string): Promise<number> {
  return (await desk.db.query(sql)).rowCount ?? 0;
}

/** The letters sent so far: without a mail server they are in the log. */
async function letters(about: string): Promise<{ recipient: string; subject: string }[]> {
  for (let tries = 0; (await count("select from mail where sent_at is null")) > 0 && tries < 100; tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return desk.log
    .flatMap((lines) => lines.trim().split("\n"))
    .map((line) => JSON.parse(line))
    .filter((line) => line.subject?.includes(about))
    .map(({ recipient, subject }) => ({ recipient, subject }));
}

describe("a service account", () => {
  it("has its roles found by their label, whether any are defined or none", async () => {
    const labelled =
      /<fieldset[^>]* aria-labelledby="roles-legend"[^>]*>\s*<legend id="roles-legend">Roles<\/legend>/;
    await visitor.open(LIST);
    expect(visitor.html).toMatch(labelled);
    await desk.db.query("delete from roles");
    await visitor.open(LIST);
    expect(visitor.html).toMatch(labelled);
    expect(visitor.text).toContain("No roles have been defined");
  });

  it("has a key from creation to revocation, which programs use under its name", async () => {
    await addPerson(desk, "grace@example.com");
    const page = await create("nightly-report", "Grace@Example.com");
    expect(page).toMatch(/^\/admin\/service-accounts\/[0-9a-f-]{36}$/);
    expect(visitor.heading).toBe("nightly-report");
    expect(visitor.value("Responsible person")).toBe("grace@example.com");

    await visitor.press("Generate API Key");
    expect(visitor.heading).toBe("The new API key");
    expect(visitor.headers.get("cache-control")).toBe("no-store");
    const key = visitor.value("API key");
    expect(visitor.text).toContain(
      `curl -i -u 'nightly-report:${key}' ${desk.origin}/v1/authentication/verify`,
    );
    for (const headers of [
      { authorization: basic("nightly-report", key) },
      { authorization: basic("NIGHTLY-Report", key) },
      { authorization: `Bearer ${key}` },
      { "x-api-key": key },
    ] as Record<string, string>[]) {
      for (const path of ["/v1/authentication/verify", "/authentication/verify"])
        expect(await ask(headers, path)).toMatchObject({ status: 200, body: "" });
    }
    for (const name of [ada.email, "grace@example.com", "nightly", ""])
      expect((await ask({ authorization: basic(name, key) })).status).toBe(401);
    const me = await ask({ authorization: `Bearer ${key}` }, "/v1/me");
    expect(JSON.parse(me.body)).toEqual({
      id: page.split("/").at(-1),
      kind: "service-account",
      name: "nightly-report",
      roles: ["billing"],
      keyId: key.slice(2, 10),
    });

    await visitor.press("Done");
    expect(visitor.path).toBe(page);
    expect(visitor.html).not.toContain(key);
    expect(visitor.text).toContain("curl/8.0");
    await visitor.press("Regenerate API Key");
    expect(visitor.text).toContain(`The key lk${key.slice(2, 10)} stops working at once`);
    expect(visitor.text).toContain("curl/8.0");
    await visitor.press("Regenerate API Key");
    const fresh = visitor.value("API key");
    expect(await works(key)).toBe(false);
    expect(await works(fresh)).toBe(true);
    await visitor.open(page);
    expect(visitor.text).toContain("Has come over");

    await visitor.press("Revoke");
    await visitor.press("Cancel");
    expect(await works(fresh)).toBe(true);
    await visitor.press("Revoke");
    await visitor.press("Revoke");
    expect(visitor.path).toBe(page);
    expect(visitor.text).toContain(`The API key lk${fresh.slice(2, 10)} is revoked.`);
    expect(await works(fresh)).toBe(false);
    expect(visitor.hasButton("Generate API Key")).toBe(true);
    expect(await letters("nightly-report")).toEqual(
      ["generated", "regenerated", "revoked"].map((what) => ({
        recipient: "grace@example.com",
        subject: `The API key of the service account nightly-report was ${what}`,
      })),
    );
    const { rows } = await desk.db.query("select action from trail where subject_id = $1 order by id", [
      page.split("/").at(-1),
    ]);
    expect(rows.map((row) => row.action)).toEqual([
      "service-account.created",
      "api-key.generated",
      "api-key.regenerated",
      "api-key.revoked",
    ]);
  });

  const withCurl = spawnSync("curl", ["--version"]).status === 0 ? it : it.skip;
  withCurl(
    "is used by the curl command its page shows, pasted into a shell, whatever its name holds",
    async () => {
      await create("o'brien's $(job) `x` é");
      await visitor.press("Generate API Key");
      const command = visitor.$("pre").first().text().trim();
      const sh = async () => (await promisify(execFile)("sh", ["-c", `${command} -s`])).stdout;
      expect(await sh()).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*\r\n\r\n$/);
      await visitor.press("Done");
      await visitor.press("Revoke");
      await visitor.press("Revoke");
      expect(await sh()).toMatch(/^HTTP\/1.1 401 Unauthorized\r\n[\s\S]*\r\n\r\n$/);
    },
  );

  it("that is deactivated gets no other key, and the one it has can be revoked", async () => {
    const page = await create();
    await visitor.press("Generate API Key");
    await (await visitor.open(`${page}/deactivate`)).press("Deactivate");
    expect(visitor.hasButton("Regenerate API Key")).toBe(false);
    const _csrf = visitor.hidden("_csrf");
    const { rows } = await desk.db.query("select id from api_keys");
    for (const [below, replaces] of [
      ["generate", "none"],
      ["regenerate", rows[0].id],
    ]) {
      expect((await visitor.tab().open(`${page}/api-key/${below}`)).status).toBe(409);
      const tab = await visitor.tab().post(`${page}/api-key/${below}`, { _csrf, replaces });
      expect([below, tab.status]).toEqual([below, 409]);
      expect(tab.text).toContain("nightly-report is deactivated, so nothing was changed");
    }
    expect(await count("select from api_keys")).toBe(1);
    await (await visitor.open(page)).press("Revoke");
    await visitor.press("Revoke");
    expect(visitor.text).toContain("Reactivate it to generate one");
    expect(await count("select from api_keys where ended_at is null")).toBe(0);
  });

  it("deactivated, stops its key at once on every replica, and reactivated, accepts it again", async () => {
    const other = await desk.replica();
    const page = await create();
    const key = (await visitor.press("Generate API Key")).value("API key");
    await visitor.open(page);
    await visitor.press("Deactivate");
    expect(await works(key)).toBe(true);
    const sent = visitor.fieldsOf("Deactivate");
    await visitor.press("Deactivate");
    expect(visitor.path).toBe(page);
    expect(visitor.text).toContain("nightly-report is deactivated");
    for (const origin of [desk.origin, other.origin]) expect(await works(key, origin)).toBe(false);
    await visitor.post(sent.action, sent.fields);
    expect(visitor.text).toContain("Nothing was changed");
    await visitor.press("Reactivate");
    await visitor.press("Reactivate");
    expect(await works(key)).toBe(true);
    expect(await count("select from trail where action like 'service-account.%activated'")).toBe(2);
  });

  it("cannot sign in, by name or by key", async () => {
    await create();
    const key = (await visitor.press("Generate API Key")).value("API key");
    const stranger = await new Visitor(desk.origin).open("/sign-in");
    await stranger.fill("Email", "nightly-report").fill("Password", key).press("Sign in");
    expect(stranger.status).toBe(422);
    const answer = await ask({ authorization: `Bearer ${key}` }, LIST);
    expect(answer.headers.get("location")).toMatch(/^\/sign-in/);
  });
});

describe("the form", () => {
  it.each([
    ["name", "", "Enter a name"],
    ["name", "\u200b ", "Enter a name"],
    ["name", "a:b", /Leave out the colon/],
    ["name", "a@b.example", /Leave out the @/],
    ["name", "a\u202eb", /cannot be seen/],
    ["name", "a\u200db", /cannot be seen/],
    ["name", "a\u3164b", /cannot be seen/],
    ["name", "n".repeat(101), "Use at most 100 characters: this has 101"],
    ["purpose", "", "Enter what the account is for"],
    ["purpose", "p".repeat(301), "Use at most 300 characters: this has 301"],
    ["responsible", "", "Enter the email of the person responsible"],
    ["responsible", "nobody@example.com", /nobody has this one/],
    ["responsible", "gone@example.com", /nobody has this one/],
    ["role:administrator", "on", "Choose roles from the list"],
    ["role:member", "on", "Choose roles from the list"],
    ["role:unheard-of", "on", "Choose roles from the list"],
  ])("refuses %s %j, and keeps what was typed", async (field, value, message) => {
    await desk.db.query(
      "insert into people (email, first_name, last_name, password_hash, deactivated_at) values ('gone@example.com', 'G', 'O', '', now())",
    );
    await visitor.open(LIST);
    const { action, fields } = visitor.fieldsOf("Create service account");
    await visitor.post(action, {
      ...fields,
      name: "reporter",
      purpose: "Reports",
      "role:billing": "on",
      [field]: value,
    });
    expect(visitor.status).toBe(422);
    const shown = visitor.errors[field.startsWith("role:") ? "roles" : field];
    if (typeof message === "string") expect(shown).toBe(message);
    else expect(shown).toMatch(message);
    expect(visitor.value("Name")).toBe(field === "name" ? value : "reporter");
    expect(visitor.$("input[name='role:billing']").is("[checked]")).toBe(true);
    expect(await count("select from service_accounts")).toBe(0);
  });

  it("accepts a name of 100 characters of any script, and a purpose of 300", async () => {
    await visitor.open(LIST);
    visitor.fill("Name", ` ${"名".repeat(99)}é `).fill("Purpose", "𝔭".repeat(300));
    await visitor.press("Create service account");
    const name = `${"名".repeat(99)}é`;
    expect(visitor.heading).toBe(name);
    const key = (await visitor.press("Generate API Key")).value("API key");
    expect((await ask({ authorization: basic(name, key) })).status).toBe(200);
  });

  it("refuses a name that is taken, in any case of letters, also when ten ask at once", async () => {
    await create();
    await create("Nightly-REPORT");
    expect(visitor.status).toBe(422);
    expect(visitor.errors.name).toMatch(/Choose another name/);
    const { action, fields } = visitor.fieldsOf("Create service account");
    for (let round = 0; round < 5; round++) {
      const tabs = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          visitor.tab().post(action, { ...fields, name: `${i % 2 ? "Racer" : "RACER"}${round}` }),
        ),
      );
      expect(tabs.filter((tab) => tab.status === 200)).toHaveLength(1);
      expect(tabs.filter((tab) => tab.status === 422)).toHaveLength(9);
    }
  });

  it("answers arrays, NUL, an id that is none and a huge version with a no, never an error of its own", async () => {
    const page = await create();
    const _csrf = visitor.hidden("_csrf");
    const version = visitor.hidden("version");
    for (const [body, status] of [
      [`_csrf=${_csrf}&name=a&name=b`, 400],
      [`_csrf=${_csrf}&name=a%00`, 400],
      [`_csrf=${_csrf}&role%3A%00=on`, 400],
      [`_csrf=${_csrf}&name=a&purpose=b&responsible=${ada.email}&version=3000000000`, 409],
      [`_csrf=${_csrf}&name=a&purpose=b&responsible=${ada.email}&version[]=1`, 409],
      [`_csrf=${_csrf}&__proto__=x&constructor=y`, 422],
    ] as const) {
      expect((await visitor.tab().post(page, body)).status).toBe(status);
    }
    for (const path of [`${LIST}/1`, `${LIST}/${"0".repeat(8)}-0000-0000-0000-000000000000`, `${LIST}/%00`]) {
      for (const below of ["", "/deactivate", "/reactivate", "/api-key/generate", "/api-key/revoke"]) {
        expect((await visitor.tab().open(path + below)).status).toBe(404);
        expect((await visitor.tab().post(path + below, { _csrf, replaces: "none" })).status).toBe(404);
      }
    }
    expect((await visitor.tab().open(`${LIST}?after=%00`)).status).toBe(400);
    await visitor.open(page);
    expect(visitor.hidden("version")).toBe(version);
    expect(await count("select from api_keys")).toBe(0);
  });

  it("says what changed, and a stale one shows the newer values and changes nothing until sent again", async () => {
    await addPerson(desk, "grace@example.com");
    const page = await create();
    const late = visitor.tab();
    await late.open(page);
    await visitor.fill("Purpose", "Sends them weekly").tick("billing", false).tick("reports: read");
    await visitor.press("Save Changes");
    expect(visitor.text).toContain("Saved: Purpose and Roles.");
    await late.fill("Responsible person", "grace@example.com").press("Save Changes");
    expect(late.status).toBe(409);
    expect(late.errors.purpose).toBe("Purpose is now: Sends them weekly");
    expect(late.errors.responsible).toBe(`Responsible person is now: ${ada.email}`);
    expect(late.errors.roles).toBe("Roles are now: reports: read");
    await late.press("Save Changes");
    expect(late.text).toContain("Saved: Purpose, Responsible person, and Roles.");
    await late.press("Save Changes");
    expect(late.text).toContain("Nothing was changed");
    const { rows } = await desk.db.query(
      "select details from trail where action = 'service-account.changed' order by id",
    );
    expect(rows[0].details.roles).toEqual({ from: ["billing"], to: ["reports: read"] });
    expect(rows).toHaveLength(2);
  });

  it("keeps one of ten saves sent at once, and refuses a rename to a name that is taken", async () => {
    const first = await create();
    await create("other");
    await visitor.fill("Name", "NIGHTLY-report").press("Save Changes");
    expect(visitor.status).toBe(422);
    expect(visitor.errors.name).toMatch(/Choose another name/);
    await visitor.open(first);
    const { action, fields } = visitor.fieldsOf("Save Changes");
    const tabs = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        visitor.tab().post(action, { ...fields, purpose: `Purpose ${i}` }),
      ),
    );
    expect(tabs.map((tab) => tab.status).sort()).toEqual([200, ...Array(9).fill(409)]);
  });

  it("gives no role that is being deleted at that moment", async () => {
    await visitor.open(LIST);
    const { action, fields } = visitor.fieldsOf("Create service account");
    const tx = await desk.db.connect();
    await tx.query("begin");
    await tx.query("delete from roles where name = 'billing'");
    const sent = { ...fields, name: "late", purpose: "p", "role:billing": "on" };
    const creating = visitor.post(action, sent);
    await untilBlocked(desk.db);
    await tx.query("commit");
    tx.release();
    expect((await creating).status).toBe(422);
    expect(visitor.errors.roles).toMatch(/just been deleted/);
    expect(await count("select from service_accounts")).toBe(0);
  });

  it("is not lost between pages when the accounts are many", async () => {
    await desk.db.query(
      `insert into service_accounts (name, purpose, responsible_id)
       select 'account-' || lpad(n::text, 3, '0'), 'p', (select id from people) from generate_series(1, 120) n`,
    );
    await visitor.open(LIST);
    const seen: string[] = [];
    const names = () =>
      seen.push(
        ...visitor
          .$("td a")
          .toArray()
          .map((a) => visitor.$(a).text()),
      );
    names();
    for (let page = 0; page < 2; page++) {
      await visitor.follow("Next page");
      names();
    }
    expect(visitor.html).not.toContain("Next page");
    expect(seen).toHaveLength(120);
    expect(new Set(seen).size).toBe(120);
    await visitor.follow("First page");
    expect(visitor.text).toContain("account-001");
  });
});

describe("the key of a service account", () => {
  it("regenerated twenty times at once is exactly one key that works, 10 rounds, on two replicas", async () => {
    const other = await desk.replica();
    const page = await create();
    let current = (await visitor.press("Generate API Key")).value("API key");
    for (let round = 0; round < 10; round++) {
      await visitor.open(`${page}/api-key/regenerate`);
      const { action, fields } = visitor.fieldsOf("Regenerate API Key");
      const tabs = await Promise.all(
        Array.from({ length: 20 }, (_, i) => {
          const tab = visitor.tab();
          tab.origin = i % 2 ? other.origin : desk.origin;
          return tab.post(action, fields);
        }),
      );
      const winners = tabs.filter((tab) => tab.status === 200);
      expect(winners).toHaveLength(1);
      expect(tabs.filter((tab) => tab.status === 409)).toHaveLength(19);
      expect(await works(current)).toBe(false);
      current = winners[0]?.value("API key") ?? "";
      expect(await works(current)).toBe(true);
      expect(await works(current, other.origin)).toBe(true);
      expect(await count("select from api_keys where ended_at is null")).toBe(1);
    }
  }, 60_000);

  it("generated by ten at once is one key, and a stale form says so and changes nothing", async () => {
    const page = await create();
    const { action, fields } = visitor.fieldsOf("Generate API Key");
    const tabs = await Promise.all(Array.from({ length: 10 }, () => visitor.tab().post(action, fields)));
    const [winner, ...more] = tabs.filter((tab) => tab.status === 200);
    expect(more).toHaveLength(0);
    const key = winner?.value("API key") ?? "";
    const loser = tabs.find((tab) => tab.status === 409);
    expect(loser?.text).toContain("The API key of nightly-report was generated");
    for (const replaces of ["none", "", "' or 1=1 --", "x".repeat(999)]) {
      for (const act of ["generate", "regenerate", "revoke"]) {
        const tab = await visitor
          .tab()
          .post(`${page}/api-key/${act}`, { _csrf: fields._csrf ?? "", replaces });
        expect(tab.status).toBe(409);
      }
    }
    expect(await works(key)).toBe(true);
    expect(await count("select from api_keys")).toBe(1);
  });

  it("cannot be reached by another account's page, nor a person's key by an account's", async () => {
    const page = await create();
    const key = (await visitor.press("Generate API Key")).value("API key");
    const own = (await (await visitor.open("/profile")).press("Generate API Key")).value("API key");
    const other = await create("other");
    const _csrf = visitor.hidden("_csrf");
    const { rows } = await desk.db.query("select id from people");
    for (const act of ["regenerate", "revoke"]) {
      for (const [path, replaces, status] of [
        [other, key, 409],
        [other, own, 409],
        ["/profile", key, 409],
        [page, own, 409],
        [`${LIST}/${rows[0].id}`, own, 404],
      ] as const) {
        const body = { _csrf, replaces: replaces.slice(2, 10) };
        expect((await visitor.tab().post(`${path}/api-key/${act}`, body)).status).toBe(status);
      }
    }
    expect(await works(key)).toBe(true);
    expect((await ask({ authorization: basic(ada.email, own) })).status).toBe(200);
  });
});

describe("who may", () => {
  it("is administrators only, with the password given lately; others change nothing", async () => {
    const page = await create();
    const key = (await visitor.press("Generate API Key")).value("API key");
    const before = JSON.stringify((await desk.db.query("select * from service_accounts")).rows);
    for (const roles of [["member"], ["API access only"]]) {
      const { visitor: other } = await addPerson(desk, `${roles[0]?.slice(0, 3)}@example.com`, roles);
      const _csrf = (await other.open("/profile")).hidden("_csrf");
      for (const path of [
        LIST,
        page,
        `${page}/deactivate`,
        `${page}/api-key/regenerate`,
        `${page}/api-key/revoke`,
      ]) {
        expect((await other.tab().open(path)).status).toBe(403);
        const body = {
          _csrf,
          name: "x",
          purpose: "y",
          responsible: ada.email,
          version: "1",
          replaces: key.slice(2, 10),
        };
        expect((await other.tab().post(path, body)).status).toBe(403);
      }
    }
    const fields = (await visitor.open(page)).fieldsOf("Save Changes").fields;
    desk.moveClock(601);
    for (const path of [page, `${page}/deactivate`, `${page}/api-key/revoke`]) {
      const tab = await visitor.tab().post(path, { ...fields, name: "x", replaces: key.slice(2, 10) });
      expect(tab.path).toBe(`/confirm-password?return=${encodeURIComponent(path)}`);
    }
    expect(await works(key)).toBe(true);
    expect(JSON.stringify((await desk.db.query("select * from service_accounts")).rows)).toBe(before);
  });
});

describe("the person responsible", () => {
  it("hands all accounts to a successor, and an edit from before is stale", async () => {
    await addPerson(desk, "grace@example.com");
    const page = await create();
    await create("other");
    await visitor.open(page);
    const { rows } = await desk.db.query("select id from people order by email");
    const [from, to] = rows.map((row) => row.id);
    expect(await listServiceAccountsOf(desk.db, from)).toHaveLength(2);
    expect(await reassignServiceAccounts(desk.db, from, to)).toHaveLength(2);
    expect(await listServiceAccountsOf(desk.db, from)).toEqual([]);
    await visitor.press("Save Changes");
    expect(visitor.status).toBe(409);
    expect(visitor.errors.responsible).toBe("Responsible person is now: grace@example.com");
  });

  it("who is deactivated hands them on with an entry in the trail of each", async () => {
    const grace = await addPerson(desk, "grace@example.com");
    const page = await create("nightly-report", grace.email);
    const { rows } = await desk.db.query("select id from people where email = 'grace@example.com'");
    await visitor.open(`/admin/people/${rows[0].id}/deactivate`);
    expect(visitor.text).toContain("which somebody else has to take over: nightly-report");
    await visitor.fill("Successor's email", ada.email).press("Deactivate");
    const trail = await desk.db.query(
      "select details from trail where subject_id::text = $1 and action = 'service-account.changed'",
      [page.split("/").at(-1)],
    );
    expect(trail.rows).toEqual([{ details: { responsible: { from: grace.email, to: ada.email } } }]);
    expect(await letters("responsible for service accounts")).toEqual([
      { recipient: ada.email, subject: "You are responsible for service accounts now" },
    ]);
  });

  it("is never somebody who is being deactivated at that moment", async () => {
    const grace = await addPerson(desk, "grace@example.com");
    await visitor.open(LIST);
    const { action, fields } = visitor.fieldsOf("Create service account");
    const tx = await desk.db.connect();
    await tx.query("begin");
    await tx.query("update people set deactivated_at = now() where email = $1", [grace.email]);
    const creating = visitor.post(action, {
      ...fields,
      name: "late",
      purpose: "p",
      responsible: grace.email,
    });
    await untilBlocked(desk.db);
    await tx.query("commit");
    tx.release();
    expect((await creating).status).toBe(422);
    expect(await count("select from service_accounts")).toBe(0);
  });
});
