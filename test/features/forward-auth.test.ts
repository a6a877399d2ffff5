import { makeApiKey } from "../../src/base/api-key-format";
import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, freshCode, givePassword, type Known, setUp, signIn } from "../support/people";
import { ageSession } from "../support/time";
import { Visitor } from "../support/visitor";

let desk: TestDesk;
let ada: Known;
let zoe: Known;
let key: string;
let zoesId: string;

const BROWSER = { accept: "text/html,application/xhtml+xml,*/*;q=0.8", "user-agent": "Mozilla/5.0" };
const APP = "https://wiki.example.com";

beforeAll(async () => {
  desk = await openTestDesk({
    baseUrl: "https://desk.example.com",
    trustProxy: 1,
    cookieDomain: "example.com",
    returnOrigins: [APP],
  });
  ada = await setUp(desk, overHttps());
  zoe = await addPerson(desk, "zoe@example.com", ["member", "billing"], overHttps());
  await desk.db.query("update people set first_name = 'Zoë 100%', last_name = '李' where email = $1", [
    zoe.email,
  ]);
  zoesId = (await desk.db.query("select id from people where email = $1", [zoe.email])).rows[0].id;
  key = (await zoe.visitor.press("Generate API Key")).value("API key");
}, 120_000);
afterAll(() => desk.close());

function overHttps(): Visitor {
  const visitor = new Visitor(desk.origin);
  visitor.https = true;
  return visitor;
}

/** A service account with the role billing, and its key. */
async function addServiceAccount(name: string) {
  const made = makeApiKey();
  const { rows } = await desk.db.query(
    `with account as (insert into service_accounts (name, purpose, responsible_id, roles)
       select $4, 'backs up', id, '{billing}' from people where email = $3 returning id)
     insert into api_keys (id, hash, service_account_id) select $1, $2, id from account
     returning service_account_id as "accountId"`,
    [made.id, made.hash, ada.email, name],
  );
  return { ...made, accountId: rows[0].accountId as string };
}

type Answer = { status: number; headers: Headers; body: string };

/** What a proxy asks, with these headers of the request it holds. */
async function check(headers: Record<string, string>, query = ""): Promise<Answer> {
  const answer = await fetch(`${desk.origin}/auth/forward${query}`, { headers, redirect: "manual" });
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}

const cookieOf = ({ visitor }: Known) => ({ cookie: visitor.cookieHeader() });
const caddy = (uri: string, host = "wiki.example.com", method = "GET") => ({
  "x-forwarded-proto": "https",
  "x-forwarded-host": host,
  "x-forwarded-uri": uri,
  "x-forwarded-method": method,
});
const nginx = (url: string) => ({ "x-original-url": url });
const basic = (name: string, secret: string) =>
  `Basic ${Buffer.from(`${name}:${secret}`).toString("base64")}`;
const told = ({ headers }: Answer) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith("x-latchkey-")));

describe("GET /auth/forward says who it is", () => {
  it("by session cookie, with names in any script percent-encoded", async () => {
    const answer = await check(cookieOf(zoe));
    expect(answer).toMatchObject({ status: 200, body: "" });
    expect(told(answer)).toEqual({
      "x-latchkey-user-id": zoesId,
      "x-latchkey-kind": "person",
      "x-latchkey-email": "zoe@example.com",
      "x-latchkey-name": "Zo%C3%AB 100%25 %E6%9D%8E",
      "x-latchkey-roles": "member,billing",
      "x-latchkey-key-id": "",
    });
    expect(decodeURIComponent(answer.headers.get("x-latchkey-name") ?? "")).toBe("Zoë 100% 李");
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  it("by API key in each of three ways", async () => {
    for (const headers of [
      { authorization: basic(zoe.email, key) },
      { authorization: `Bearer ${key}` },
      { "x-api-key": key },
    ]) {
      const answer = await check(headers as Record<string, string>);
      expect(answer).toMatchObject({ status: 200, body: "" });
      expect(told(answer)).toMatchObject({
        "x-latchkey-user-id": zoesId,
        "x-latchkey-key-id": key.slice(2, 10),
      });
    }
  });

  it("for a service account, which has no email", async () => {
    const made = await addServiceAccount("nightly-backup");
    expect(told(await check({ "x-api-key": made.key }))).toMatchObject({
      "x-latchkey-kind": "service-account",
      "x-latchkey-email": "",
      "x-latchkey-name": "nightly-backup",
      "x-latchkey-roles": "billing",
    });
  });

  it("whatever a client says of itself in headers of ours", async () => {
    const forged = {
      "x-latchkey-user-id": "00000000-0000-0000-0000-000000000000",
      "x-latchkey-roles": "administrator",
      "x-latchkey-key-id": "forged00",
      "x-latchkey-email": "ada@example.com",
    };
    expect(told(await check({ ...forged, ...cookieOf(zoe) }))).toEqual(told(await check(cookieOf(zoe))));
    expect(told(await check(forged))).toEqual({});
    expect((await check(forged)).status).toBe(401);
  });

  it("by the key where there is both a key and another person's session", async () => {
    expect(told(await check({ ...cookieOf(ada), "x-api-key": key }))["x-latchkey-email"]).toBe(zoe.email);
  });

  it("by the session where the application has credentials of its own", async () => {
    for (const authorization of [
      "Bearer eyJhbGciOi.J9.x",
      basic("grace", "application password"),
      "Digest x=1",
    ])
      expect(told(await check({ ...cookieOf(ada), authorization }))["x-latchkey-email"]).toBe(ada.email);
  });

  it("to HEAD as well", async () => {
    const answer = await fetch(`${desk.origin}/auth/forward`, { method: "HEAD", headers: cookieOf(zoe) });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-latchkey-user-id")).toBe(zoesId);
  });
});

describe("GET /auth/forward refuses", () => {
  it("a stranger's program with 401 and a JSON error, and asks it for a key", async () => {
    const answer = await check({ accept: "*/*", "user-agent": "curl/8.0", ...caddy("/") });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Basic /);
    expect(JSON.parse(answer.body)).toEqual({
      errors: [{ status: "401", title: "Unauthorized", detail: "Sign in, or send a valid API key." }],
    });
    expect(told(answer)).toEqual({});
  });

  it("what a page's script asks with 401, without making the browser ask for a password", async () => {
    const headers = { ...BROWSER, "sec-fetch-dest": "empty", "sec-fetch-mode": "cors" };
    const answer = await check({ ...headers, ...caddy("/data.json") });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  });

  it("a wrong key, a key that has ended, and a key of somebody deactivated alike, session or not", async () => {
    const ended = makeApiKey();
    await desk.db.query(
      `insert into api_keys (id, hash, person_id, ended_at)
       select $1, $2, id, now() from people where email = $3`,
      [ended.id, ended.hash, ada.email],
    );
    const unknown = makeApiKey().key;
    for (const shown of [unknown, ended.key])
      for (const beside of [{}, cookieOf(ada)])
        expect((await check({ "x-api-key": shown, ...beside })).status).toBe(401);
    await desk.db.query("update people set deactivated_at = now() where email = $1", [zoe.email]);
    expect((await check({ "x-api-key": key })).status).toBe(401);
    expect((await check(cookieOf(zoe))).status).toBe(401);
    await desk.db.query("update people set deactivated_at = null where email = $1", [zoe.email]);
    expect((await check({ "x-api-key": key })).status).toBe(200);
  });

  it("a password in the place of a key", async () => {
    expect((await check({ authorization: basic(zoe.email, zoe.password) })).status).toBe(401);
  });

  it("somebody who has only given a password", async () => {
    const half = await givePassword(zoe, overHttps());
    expect((await check({ cookie: half.cookieHeader() })).status).toBe(401);
  });

  it("a cookie whose signature is not ours", async () => {
    const [name, value] = zoe.visitor.cookieHeader().split("=") as [string, string];
    const signature = value.indexOf(".");
    for (const forged of [
      value.slice(0, signature),
      `${value.slice(0, -4)}AAAA`,
      value.replace("s%3A", ""),
      "%E0%A4",
    ])
      expect((await check({ cookie: `${name}=${forged}` })).status).toBe(401);
  });

  it("from the very next request on, once a session is ended or a key revoked", async () => {
    const device = await signIn(desk, zoe, overHttps());
    const cookie = device.cookieHeader();
    expect((await check({ cookie })).status).toBe(200);
    await device.press("Sign out");
    expect((await check({ cookie })).status).toBe(401);
  });

  it("too many wrong keys with 429, or to a proxy that only knows 401 with that", async () => {
    const wrong = () => ({ "x-api-key": makeApiKey().key, "x-forwarded-for": "198.51.100.77" });
    let last = await check(wrong());
    for (let i = 0; i < 120 && last.status !== 429; i++) last = await check(wrong());
    expect(last.status).toBe(429);
    expect(Number(last.headers.get("retry-after"))).toBeGreaterThan(0);
    const behindNginx = await check({ ...wrong(), ...nginx(`${APP}/`) });
    expect(behindNginx.status).toBe(401);
    expect(Number(behindNginx.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await check({ "x-api-key": key, "x-forwarded-for": "198.51.100.77" })).status).toBe(200);
  }, 60_000);
});

describe("GET /auth/forward answers at the application's host", () => {
  it("so it makes no promise for that host, as it does for its own", async () => {
    const strict = "strict-transport-security";
    const refused = [
      await check({}),
      await check({ ...BROWSER, ...caddy("/") }),
      await check(cookieOf(zoe), "?role=administrator"),
      await check({ ...BROWSER, ...cookieOf(zoe) }, "?role=administrator"),
    ];
    expect(refused.map(({ status, headers }) => [status, headers.get(strict)])).toEqual([
      [401, null],
      [302, null],
      [403, null],
      [403, null],
    ]);
    expect((await overHttps().raw("/sign-in")).headers.get(strict)).toContain("max-age");
  });
});

describe("GET /auth/forward sends a browser to sign in", () => {
  /** What the operator was told, since the log had so many lines, of pages that nobody can be led back to. */
  const toldOfOrigins = (since: number) =>
    desk.log
      .slice(since)
      .map((line) => JSON.parse(line))
      .filter(({ msg }) => msg.includes("RETURN_ORIGINS does not name it"))
      .map(({ id, level }) => ({ id, level }));

  it("and back to the page it asked for, as Caddy and Traefik tell it", async () => {
    const answer = await check({ ...BROWSER, ...caddy("/page?a=1&b=%20c") });
    expect(answer).toMatchObject({ status: 302, body: expect.not.stringContaining("script") });
    const back = encodeURIComponent(`${APP}/page?a=1&b=%20c`).replace(/%20/g, "+");
    expect(answer.headers.get("location")).toBe(`https://desk.example.com/sign-in?return=${back}`);
    expect(answer.headers.get("set-cookie")).toBeNull();
  });

  it("but not through nginx's auth_request, which only understands 200, 401 and 403", async () => {
    expect((await check({ ...BROWSER, ...nginx(`${APP}/page`) })).status).toBe(401);
    expect((await check({ ...BROWSER, "x-original-uri": "/page" })).status).toBe(401);
  });

  it("without a way back to an origin that is not named, and tells the operator", async () => {
    for (const headers of [
      caddy("/", "evil.example"),
      caddy("/", "wiki.example.com@evil.example"),
      caddy("/", "wiki.example.com:444"),
      caddy("/\\evil.example", "wiki.example.com"),
      { ...caddy("/"), "x-forwarded-proto": "javascript" },
      { ...caddy("/"), "x-forwarded-proto": "http" },
    ]) {
      const before = desk.log.length;
      const answer = await check({ ...BROWSER, ...headers });
      expect(answer.headers.get("location")).toBe("https://desk.example.com/sign-in");
      expect(toldOfOrigins(before)).toEqual([{ id: expect.any(String), level: 40 }]);
    }
  });

  it("and says nothing to the operator of a page it leads back to, nor where the proxy names none", async () => {
    const before = desk.log.length;
    for (const headers of [caddy("/"), caddy("/", "desk.example.com"), {}])
      expect((await check({ ...BROWSER, ...headers })).status).toBe(302);
    expect(toldOfOrigins(before)).toEqual([]);
  });

  it("and back to a page of its own by its path", async () => {
    const answer = await check({ ...BROWSER, ...caddy("/profile/activity?page=2", "desk.example.com") });
    const { searchParams } = new URL(answer.headers.get("location") ?? "");
    expect(searchParams.get("return")).toBe("/profile/activity?page=2");
  });

  it.each(["GET", "HEAD"])("back to the page asked for by %s, wherever its link stood", async (method) => {
    const headers = { ...BROWSER, ...caddy("/page", undefined, method), referer: `${APP}/contents` };
    const { searchParams } = new URL((await check(headers)).headers.get("location") ?? "");
    expect(searchParams.get("return")).toBe(`${APP}/page`);
  });

  it("back to the page a form was sent from, whose answer cannot be repeated", async () => {
    const headers = { ...BROWSER, ...caddy("/save", undefined, "POST"), referer: `${APP}/edit?id=7` };
    expect((await check(headers)).headers.get("location")).toContain(encodeURIComponent(`${APP}/edit?id=7`));
  });

  it("and through sign-in with both steps to that page, at the application", async () => {
    const { headers } = await check({ ...BROWSER, ...caddy("/page?a=1") });
    const visitor = overHttps();
    const { pathname, search } = new URL(headers.get("location") ?? "");
    await visitor.open(pathname + search);
    expect(visitor.text).toContain("Sign in to go on to wiki.example.com.");
    expect(visitor.$(".notice[autofocus]")).toHaveLength(1);
    await visitor.fill("Email", zoe.email).fill("Password", "wrong").press("Sign in");
    expect(visitor.text).toContain("Sign in to go on to wiki.example.com.");
    expect(visitor.$("[autofocus]").attr("class")).toBe("error-summary");
    await visitor.fill("Email", zoe.email).fill("Password", zoe.password).press("Sign in");
    const code = freshCode(desk, zoe.secret);
    const sent = visitor.fieldsOf("Verify");
    const answer = await visitor.raw(sent.action, {
      method: "POST",
      body: new URLSearchParams({ ...sent.fields, code }),
    });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe(`${APP}/page?a=1`);
    const cookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    expect((await check({ cookie })).status).toBe(200);
  });

  it("and lets whoever is signed in pass through the sign-in page straight to the application", async () => {
    const answer = await zoe.visitor.raw(`/sign-in?return=${encodeURIComponent(`${APP}/x`)}`);
    expect([answer.status, answer.headers.get("location")]).toEqual([303, `${APP}/x`]);
    const evil = await zoe.visitor.raw(`/sign-in?return=${encodeURIComponent("https://evil.example/x")}`);
    expect(evil.headers.get("location")).toBe("/profile");
  });

  it("with the application named in form-action, or browsers would not follow the form's answer there", async () => {
    const answer = await overHttps().open("/sign-in");
    expect(answer.headers.get("content-security-policy")).toContain(`form-action 'self' ${APP}`);
  });
});

describe("GET /auth/forward?role=", () => {
  it.each([
    ["?role=billing", 200],
    ["?role=administrator", 403],
    ["?role=billing&role=member", 200],
    ["?role=billing&role=administrator", 403],
    ["?role=support,billing", 200],
    ["?role=support,%20billing", 200],
    ["?role=support,operations", 403],
    ["?role=support,billing&role=administrator", 403],
    ["?role=Billing", 403],
    ["?role=", 403],
    ["?role=,", 403],
    ["?role=billing&role=", 403],
    ["?role[]=billing", 403],
    ["?role[0]=billing", 403],
    ["?Role=billing", 403],
    ["?roles=billing&role=billing", 403],
    ["?page=roles&rolename=x&subrole=x", 200],
  ])("%s is answered %i to a member with the role billing", async (query, status) => {
    expect((await check(cookieOf(zoe), query)).status).toBe(status);
    expect((await check({ "x-api-key": key }, query)).status).toBe(status);
  });

  it("is logged with who it was refused to, and by which key", async () => {
    const account = await addServiceAccount("weekly-backup");
    const before = desk.log.length;
    await check(cookieOf(zoe), "?role=administrator");
    await check({ ...BROWSER, "x-api-key": key }, "?role=administrator");
    await check({ "x-api-key": account.key }, "?role=administrator");
    await check(cookieOf(zoe), "?role=billing");
    const told = desk.log
      .slice(before)
      .map((line) => JSON.parse(line))
      .filter(({ msg }) => msg === "A request was refused");
    const line = {
      id: expect.any(String),
      address: "127.0.0.1",
      why: "A role is missing",
      level: 30,
      time: expect.any(Number),
      msg: "A request was refused",
    };
    expect(told).toEqual([
      { ...line, person: zoesId },
      { ...line, person: zoesId, key: key.slice(2, 10) },
      { ...line, serviceAccount: account.accountId, key: account.id },
    ]);
  });

  it("tells a program with a JSON error, and nothing of who it is", async () => {
    const answer = await check(cookieOf(zoe), "?role=administrator");
    expect(JSON.parse(answer.body).errors[0]).toMatchObject({ status: "403", title: "Forbidden" });
    expect(told(answer)).toEqual({});
  });

  it("tells a browser on a page that needs nothing from the application's address", async () => {
    await desk.db.query("update people set last_name = '<b>Ω</b>' where email = $1", [zoe.email]);
    const answer = await check(
      { ...BROWSER, ...cookieOf(zoe) },
      "?role=support,operations&role=administrator",
    );
    expect(answer.status).toBe(403);
    expect(answer.body).toContain("one of the roles support, operations and the role administrator");
    expect(answer.body).toContain("&lt;b&gt;Ω&lt;/b&gt;");
    expect(answer.body).toContain('href="https://desk.example.com/profile"');
    expect(answer.body).not.toMatch(/(src|href)="\//);
    expect(answer.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; style-src 'sha256-\S+'/,
    );
    await desk.db.query("update people set last_name = '李' where email = $1", [zoe.email]);
  });

  it("leaves strangers to sign in first", async () => {
    expect((await check({ ...BROWSER, ...caddy("/") }, "?role=administrator")).status).toBe(302);
  });
});

describe("GET /auth/forward while the database is away", () => {
  const whileAway = async (headers: Record<string, string>) => {
    await desk.db.query("alter table sessions rename to elsewhere");
    await desk.db.query("create view sessions as select * from elsewhere where away()");
    const answer = await check({ ...cookieOf(zoe), ...headers });
    await desk.db.query("drop view sessions; alter table elsewhere rename to sessions");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    return answer.body;
  };
  beforeAll(() =>
    desk.db.query(`create function away() returns boolean language plpgsql as $$
      begin raise exception 'away' using errcode = '57014'; end $$`),
  );

  it("tells a browser on a page that needs nothing from the application's address", async () => {
    const page = await whileAway({ ...BROWSER, ...caddy("/page") });
    expect(page).toContain("<h1>Not available right now</h1>");
    expect(page).toContain("The database does not answer at the moment. Try again in a few seconds.");
    expect(page).not.toMatch(/(src|href)="\//);
  });

  it.each<[string, Record<string, string>]>([
    ["a program", { ...caddy("/page"), accept: "*/*" }],
    ["nginx, which hands no such answer on", { accept: "text/html", ...nginx(`${APP}/page`) }],
  ])("tells %s as JSON", async (_who, headers) => {
    expect(JSON.parse(await whileAway(headers)).errors[0].status).toBe("503");
  });
});

describe("a session that is shown at /auth/forward", () => {
  const idleLeft = async (visitor: Visitor): Promise<number> => {
    const answer = await visitor.raw("/session/remaining");
    return JSON.parse(answer.body).secondsLeft;
  };

  it("stays alive by it, as by any page", async () => {
    const device = await signIn(desk, zoe, overHttps());
    await ageSession(desk, device, 1000);
    expect(await idleLeft(device)).toBeLessThan(900);
    await check({ cookie: device.cookieHeader() });
    expect(await idleLeft(device)).toBeGreaterThan(1790);
  });

  it("does not where the proxy says that it is no activity", async () => {
    const device = await signIn(desk, zoe, overHttps());
    await ageSession(desk, device, 1000);
    expect((await check({ cookie: device.cookieHeader() }, "?activity=no")).status).toBe(200);
    expect(await idleLeft(device)).toBeLessThan(900);
  });

  it("has ended by the idle timeout of its person, and is told so when signing in", async () => {
    const device = await signIn(desk, zoe, overHttps());
    await ageSession(desk, device, 1801);
    const answer = await check({ ...BROWSER, cookie: device.cookieHeader(), ...caddy("/x") });
    expect(answer.status).toBe(302);
    const { pathname, search } = new URL(answer.headers.get("location") ?? "");
    await device.open(pathname + search);
    expect(device.text).toContain("You were signed out after 30 minutes without activity.");
  });
});

describe("a session cookie for a whole domain", () => {
  it("is Secure, names the domain, and is taken away by signing out", async () => {
    const device = overHttps();
    await device.open("/sign-in");
    const { action: where, fields: form } = device.fieldsOf("Sign in");
    const body = new URLSearchParams({ ...form, email: zoe.email, password: zoe.password });
    const [given] = (await device.raw(where, { method: "POST", body })).headers.getSetCookie();
    expect(given).toMatch(/; Domain=example\.com; .*HttpOnly; Secure; SameSite=Lax/);
    const signedIn = await signIn(desk, zoe, overHttps());
    const { action, fields } = signedIn.fieldsOf("Sign out");
    const answer = await signedIn.raw(action, { method: "POST", body: new URLSearchParams(fields) });
    expect(answer.headers.getSetCookie()[0]).toMatch(
      /^__Secure-latchkey=; Domain=example\.com; .*Expires=Thu, 01 Jan 1970/,
    );
  });
});
