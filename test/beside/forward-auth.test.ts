import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { openBrowser } from "../support/browser";
import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, freshCode, type Known, setUp } from "../support/people";
import { Visitor } from "../support/visitor";
import { type Application, openApplication } from "./application";
import { describeWith } from "./process";
import { PROXIES, type RecipeProxy } from "./proxies";
import { recipe } from "./recipes";

const WIKI = "https://wiki.example.com";
const AUTH = "https://auth.example.com";

describe("the settings that README gives for it", () => {
  it("are those that the tests below use", () => {
    const settings = recipe("sh", "COOKIE_DOMAIN");
    expect(settings).toMatch(/^BASE_URL=https:\/\/auth\.example\.com$/m);
    expect(settings).toMatch(/^TRUST_PROXY=1$/m);
    expect(settings).toMatch(/^COOKIE_DOMAIN=example\.com\s/m);
    expect(settings).toMatch(/^RETURN_ORIGINS=https:\/\/wiki\.example\.com\s/m);
  });
});

describe.each(PROXIES)("README's recipe for $name", ({ name, open }) => {
  describeWith([name, "curl"], "with an application behind it", () => {
    let desk: TestDesk;
    let application: Application;
    let proxy: RecipeProxy;
    let browser: Browser;
    let zoe: Known;
    let key: string;

    beforeAll(async () => {
      desk = await openTestDesk({
        baseUrl: AUTH,
        trustProxy: 1,
        cookieDomain: "example.com",
        returnOrigins: [WIKI],
      });
      await setUp(desk, overHttps());
      zoe = await addPerson(desk, "zoe@example.com", ["member", "billing"], overHttps());
      await desk.db.query("update people set first_name = 'Zoë', last_name = '李' where email = $1", [
        zoe.email,
      ]);
      key = (await zoe.visitor.press("Generate API Key")).value("API key");
      application = await openApplication();
      proxy = await open({ latchkey: Number(new URL(desk.origin).port), application: application.port });
      browser = await openBrowser([`--host-resolver-rules=MAP *.example.com:443 127.0.0.1:${proxy.port}`]);
    }, 60_000);

    afterAll(async () => {
      await browser?.close();
      await proxy?.stop();
      await application?.close();
      await desk?.close();
    });

    function overHttps(): Visitor {
      const visitor = new Visitor(desk.origin);
      visitor.https = true;
      return visitor;
    }

    /** What curl is answered, as a status and a body. */
    async function curl(path: string, ...args: string[]): Promise<{ status: number; body: string }> {
      const to = ["--noproxy", "*", "--connect-to", `::127.0.0.1:${proxy.port}`, `${WIKI}${path}`];
      const all = ["-sk", "--max-time", "10", "-w", "\n%{http_code}", ...args, ...to];
      const { stdout } = await promisify(execFile)("curl", all);
      const at = stdout.lastIndexOf("\n");
      return { status: Number(stdout.slice(at + 1)), body: stdout.slice(0, at) };
    }

    const device = (): Promise<BrowserContext> => browser.newContext({ ignoreHTTPSErrors: true });

    async function signIn(page: Page): Promise<void> {
      await page.getByLabel("Email", { exact: true }).fill(zoe.email);
      await page.getByLabel("Password", { exact: true }).fill(zoe.password);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByLabel("One-time code", { exact: true }).fill(freshCode(desk, zoe.secret));
      await page.getByRole("button", { name: "Verify" }).click();
    }

    it("takes a browser by way of the sign-in page to the page it asked for, and the application sees who it is", async () => {
      const page = await (await device()).newPage();
      await page.goto(`${WIKI}/page?a=1&b=%C3%AB`);
      expect(page.url()).toMatch(/^https:\/\/auth\.example\.com\/sign-in\?/);
      expect(await page.locator("main").textContent()).toContain("Sign in to go on to wiki.example.com.");
      application.came.length = 0;
      await signIn(page);
      await page.waitForURL(`${WIKI}/page?a=1&b=%C3%AB`);
      expect(await page.locator("h1").textContent()).toBe("Good day, Zoë 李");
      expect(application.came[0]?.headers).toMatchObject({
        "x-latchkey-kind": "person",
        "x-latchkey-email": "zoe@example.com",
        "x-latchkey-name": "Zo%C3%AB %E6%9D%8E",
        "x-latchkey-roles": "member,billing",
      });
      await page.context().close();
    });

    it("shows the application neither the session nor the key, but its own cookies", async () => {
      const context = await device();
      const page = await context.newPage();
      await context.addCookies([
        { name: "a", value: "1", url: WIKI },
        { name: "z", value: "2", url: WIKI },
      ]);
      await page.goto(`${WIKI}/`);
      await signIn(page);
      await page.waitForURL(`${WIKI}/`);
      await page.reload();
      const cookies = await context.cookies(WIKI);
      expect(cookies.map((cookie) => cookie.name).sort()).toEqual(["__Secure-latchkey", "a", "z"]);
      application.came.length = 0;
      await page.reload();
      const seen = String(application.came[0]?.headers.cookie ?? "")
        .split(/; */)
        .filter(Boolean);
      expect(seen.sort()).toEqual(["a=1", "z=2"]);
      await context.close();

      application.came.length = 0;
      for (const args of [
        ["-u", `${zoe.email}:${key}`],
        ["-H", `Authorization: Bearer ${key}`],
        ["-H", `X-API-Key: ${key}`],
      ])
        expect((await curl("/", ...args)).status).toBe(200);
      expect(JSON.stringify(application.came)).not.toContain(key);
      expect(application.came.map(({ headers }) => headers.authorization ?? "")).toEqual(["", "", ""]);
    });

    it("lets a program pass with a key, with its method, body and query, and tells the application whose it is", async () => {
      application.came.length = 0;
      const answer = await curl("/save?x=%20", "-u", `${zoe.email}:${key}`, "--data", "words=1");
      expect(answer).toMatchObject({ status: 200, body: expect.stringContaining("Good day, Zoë 李") });
      expect(application.came).toHaveLength(1);
      expect(application.came[0]).toMatchObject({ method: "POST", url: "/save?x=%20", body: "words=1" });
      expect(application.came[0]?.headers["x-latchkey-key-id"]).toBe(key.slice(2, 10));
    });

    const forged = [
      "X-Latchkey-User-Id: forged",
      "X-Latchkey-Kind: forged",
      "X-Latchkey-Email: forged",
      "X-Latchkey-Name: forged",
      "X-Latchkey-Roles: forged",
      "X-Latchkey-Key-Id: forged",
      "x_latchkey_user_id: forged",
      "X_Latchkey_Roles: forged",
      "x-LATCHKEY_name: forged",
    ].flatMap((line) => ["-H", line]);

    it("lets nobody say themselves who they are", async () => {
      application.came.length = 0;
      expect((await curl("/", ...forged)).status).toBe(401);
      expect(application.came).toEqual([]);
      expect((await curl("/", "-u", `${zoe.email}:${key}`, ...forged)).status).toBe(200);
      expect(application.came).toHaveLength(1);
      expect(application.came[0]?.rawHeaders.filter((text) => text.includes("forged"))).toEqual([]);
      expect(application.came[0]?.headers["x-latchkey-email"]).toBe("zoe@example.com");
    });

    it("tells the application everything, whatever a client wants taken away on the way", async () => {
      application.came.length = 0;
      const named = ["User-Id", "Kind", "Email", "Name", "Roles", "Key-Id"].map((one) => `X-Latchkey-${one}`);
      const connection = ["--http1.1", "-H", `Connection: close, ${named.join(", ")}`];
      expect((await curl("/", "-u", `${zoe.email}:${key}`, ...connection)).status).toBe(200);
      expect(application.came[0]?.headers).toMatchObject({
        "x-latchkey-user-id": expect.stringMatching(/^[\da-f-]{36}$/),
        "x-latchkey-kind": "person",
        "x-latchkey-email": "zoe@example.com",
        "x-latchkey-name": "Zo%C3%AB %E6%9D%8E",
        "x-latchkey-roles": "member,billing",
        "x-latchkey-key-id": key.slice(2, 10),
      });
    });

    it.each([
      ["h2c", undefined],
      ["websocket", name === "caddy" ? "websocket" : undefined],
    ])(
      "asked for %s, asks the application for %s: what is sent by another protocol is looked at by nobody",
      async (protocol, passed) => {
        application.came.length = 0;
        const upgrade = ["-H", "Connection: Upgrade, HTTP2-Settings", "-H", `Upgrade: ${protocol}`];
        const settings = ["-H", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"];
        const auth = ["-u", `${zoe.email}:${key}`];
        expect((await curl("/", "--http1.1", ...auth, ...upgrade, ...settings)).status).toBe(200);
        expect(application.came).toHaveLength(1);
        expect(application.came[0]?.headers.upgrade).toBe(passed);
      },
    );

    it("leaves the application its own query, also one that Latchkey would understand", async () => {
      application.came.length = 0;
      expect((await curl("/people?role=editor&activity=no", "-u", `${zoe.email}:${key}`)).status).toBe(200);
      expect(application.came.map(({ url }) => url)).toEqual(["/people?role=editor&activity=no"]);
    });

    it("shows the application no session, however oddly the cookies are written", async () => {
      const grace = await addPerson(desk, "odd@example.com", ["member"], overHttps());
      const session = grace.visitor.cookieHeader();
      const [, value = ""] = /__Secure-latchkey=([^;]+)/.exec(session) ?? [];
      for (const cookies of [`;${session}`, `; ${session}; z=2`, `a=1;${session};z=2`, `\t${session}; z=2`]) {
        application.came.length = 0;
        expect((await curl("/", "--http1.1", "-H", `Cookie:${cookies}`)).status).toBe(200);
        expect(application.came).toHaveLength(1);
        expect(JSON.stringify(application.came)).not.toContain(value);
      }
    });

    it("sends somebody whose form it refused back to the page that the form was on", async () => {
      const from = ["-H", "Accept: text/html", "-H", `Referer: ${WIKI}/edit`];
      const answer = await curl("/save", ...from, "-i", "--data", "words=1");
      expect(answer.status).toBe(302);
      const back = `${AUTH}/sign-in?return=${encodeURIComponent(`${WIKI}/edit`)}`;
      expect(answer.body.toLowerCase()).toContain(`location: ${back}\r\n`.toLowerCase());
    });

    it("lets somebody with a hundred roles and a long name pass", async () => {
      const roles = Array.from({ length: 100 }, (_, i) => `the department ${i}`);
      const many = await addPerson(desk, "many@example.com", ["member"], overHttps());
      await desk.db.query(
        "update people set first_name = repeat('李', 100), last_name = repeat('李', 100), roles = $1 where email = $2",
        [roles, many.email],
      );
      application.came.length = 0;
      expect((await curl("/", "-H", `Cookie: ${many.visitor.cookieHeader()}`)).status).toBe(200);
      expect(application.came[0]?.headers["x-latchkey-roles"]).toBe(roles.join(","));
    });

    it("lets nobody reach another page by saying which one was asked for", async () => {
      const lies = [
        "X-Original-URL",
        "X-Original-URI",
        "X-Forwarded-Uri",
        "X-Forwarded-Host",
        "X-Forwarded-Method",
      ].flatMap((header) => ["-H", `${header}: /elsewhere`]);
      const answer = await curl("/", "-H", "Accept: text/html", "-i", ...lies);
      expect([302, 401]).toContain(answer.status);
      expect(answer.body).not.toContain("elsewhere");
    });

    it("tells a program without a key why, as JSON", async () => {
      const answer = await curl("/");
      expect(answer.status).toBe(401);
      expect(JSON.parse(answer.body).errors[0]).toMatchObject({ status: "401", title: "Unauthorized" });
    });

    it("cuts off the very next request when the key is revoked or the session ended", async () => {
      const grace = await addPerson(desk, "grace@example.com", ["member"], overHttps());
      const hers = (await grace.visitor.press("Generate API Key")).value("API key");
      expect((await curl("/", "-H", `X-API-Key: ${hers}`)).status).toBe(200);
      await grace.visitor.open("/profile");
      await (await grace.visitor.press("Revoke")).press("Revoke");
      application.came.length = 0;
      expect((await curl("/", "-H", `X-API-Key: ${hers}`)).status).toBe(401);
      expect(application.came).toEqual([]);

      const page = await (await device()).newPage();
      await page.goto(`${WIKI}/first`);
      await signIn(page);
      await page.waitForURL(`${WIKI}/first`);
      const ended = await desk.db.query(
        "delete from sessions where id = (select id from sessions where stage = 'signed-in' order by started_at desc limit 1)",
      );
      expect(ended.rowCount).toBe(1);
      application.came.length = 0;
      await page.goto(`${WIKI}/second`);
      expect(page.url()).toBe(`${AUTH}/sign-in?return=${encodeURIComponent(`${WIKI}/second`)}`);
      expect(application.came).toEqual([]);
      await page.context().close();
    });
  });

  describeWith([name, "curl"], "asking for a role", () => {
    it("tells a browser which one is missing, and a program that one is", async () => {
      const desk = await openTestDesk({
        baseUrl: AUTH,
        trustProxy: 1,
        cookieDomain: "example.com",
        returnOrigins: [WIKI],
      });
      const visitor = new Visitor(desk.origin);
      visitor.https = true;
      const ada = await setUp(desk, visitor);
      const application = await openApplication();
      const proxy = await open({
        latchkey: Number(new URL(desk.origin).port),
        application: application.port,
        query: "?role=billing",
      });
      const browser = await openBrowser([
        `--host-resolver-rules=MAP *.example.com:443 127.0.0.1:${proxy.port}`,
      ]);
      const context = await browser.newContext({ ignoreHTTPSErrors: true });
      const [cookie = ""] = visitor.cookieHeader().split("; ");
      const [cookieName = "", value = ""] = cookie.split("=");
      await context.addCookies([
        { name: cookieName, value, domain: ".example.com", path: "/", secure: true, httpOnly: true },
      ]);
      const page = await context.newPage();
      const troubles: string[] = [];
      page.on("console", (message) => troubles.push(message.text()));
      const answer = await page.goto(`${WIKI}/`);
      expect(answer?.status()).toBe(403);
      expect(await page.locator("main").textContent()).toContain(
        `You are signed in as Ada Lovelace (${ada.email}), and this needs the role billing.`,
      );
      expect(troubles.filter((text) => text.includes("Policy"))).toEqual([]);
      if (process.env.SCREENSHOTS)
        await page.screenshot({ path: `${process.env.SCREENSHOTS}/refused-${name}.png` });
      expect(application.came).toEqual([]);
      await desk.db.query("update people set roles = roles || '{billing}'");
      await page.reload();
      expect(await page.locator("h1").textContent()).toBe("Good day, Ada Lovelace");
      await browser.close();
      await proxy.stop();
      await application.close();
      await desk.close();
    }, 60_000);
  });
});
