import { makeApiKey } from "../../src/base/api-key-format";
import { pageRoutes, programRoutes } from "../../src/routes";
import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, type Known, setUp } from "../support/people";
import { openProxy } from "../support/proxy";
import { Visitor } from "../support/visitor";

const FORM = { "content-type": "application/x-www-form-urlencoded" };
let desk: TestDesk;
let ada: Known;
beforeAll(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
});
afterAll(() => desk.close());

/** The directives of a policy, by name. */
function directives(policy: string | null): Record<string, string> {
  const parts = (policy ?? "").split(";").map((part) => part.trim().split(" "));
  return Object.fromEntries(parts.map(([name = "", ...values]) => [name, values.join(" ")]));
}

describe("every answer", () => {
  it("is kept by no cache: each route to a stranger, to somebody signed in, and with its form sent", async () => {
    const grace = await addPerson(desk, "grace@example.com");
    const { rows } = await desk.db.query("select id from people where email = $1", [grace.email]);
    const key = makeApiKey();
    await desk.db.query(
      "insert into api_keys (id, hash, person_id) select $1, $2, id from people where email = $3",
      [key.id, key.hash, ada.email],
    );
    const seen: Record<string, string | null> = {};
    const look = async (visitor: Visitor, method: string, address: string, body?: string) => {
      const authorization = { authorization: `Bearer ${key.key}` };
      const headers = address.startsWith("/v1") ? authorization : FORM;
      const answer = await visitor.raw(address.replace(":id", rows[0].id), {
        method,
        headers,
        ...(body && { body }),
      });
      seen[`${method} ${address} ${answer.status}`] = answer.headers.get("cache-control");
    };
    for (const path of ["/no-such-page", "/favicon.ico", "/v1/no-such-thing"])
      await look(ada.visitor, "GET", path);
    for (const path of ["/v1/authentication/verify", "/authentication/verify"])
      await look(ada.visitor, "GET", path);
    await look(ada.visitor, "POST", "/profile", "x=1");
    await look(ada.visitor, "POST", "/sign-in", `email=${"x".repeat(200_000)}`);
    await look(ada.visitor, "GET", "/profile?%");
    const routes = [...programRoutes, ...pageRoutes].filter(([, path]) => path !== "/sign-out");
    for (const [method, path] of [...routes, ["POST", "/sign-out"] as const]) {
      const token = (await ada.visitor.open("/confirm-password")).hidden("_csrf");
      for (const visitor of [new Visitor(desk.origin), ada.visitor]) {
        if (method === "GET") await look(visitor, "HEAD", path);
        await look(
          visitor,
          method,
          path,
          method === "POST" ? `_csrf=${encodeURIComponent(token)}` : undefined,
        );
      }
    }
    expect(Object.keys(seen).length).toBeGreaterThan(150);
    const statuses = new Set(Object.keys(seen).map((answer) => Number(answer.slice(-3))));
    expect([...statuses]).toEqual(expect.arrayContaining([200, 303, 401, 403, 404, 413, 422]));
    expect(Object.entries(seen).filter(([, control]) => control !== "no-store")).toEqual([]);
  });

  it("but a file's, which has nothing personal and a name that changes with it, is kept by none", async () => {
    const page = await new Visitor(desk.origin).open("/sign-in");
    const $ = page.$;
    const files = $("script[src], link[href]")
      .toArray()
      .map((file) => $(file).attr("src") ?? $(file).attr("href") ?? "");
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) {
      const { headers } = await page.raw(file);
      expect(headers.get("content-type")).toMatch(/; charset=utf-8$/);
      expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  it("lets a page load its own files and nothing else, and asks the browser for no power but to copy", async () => {
    const { headers } = await new Visitor(desk.origin).open("/sign-in");
    expect(directives(headers.get("content-security-policy"))).toEqual({
      "default-src": "'none'",
      "script-src": "'self'",
      "style-src": "'self'",
      "img-src": "'self' data:",
      "connect-src": "'self'",
      "form-action": "'self'",
      "base-uri": "'none'",
      "object-src": "'none'",
      "frame-ancestors": "'none'",
      "require-trusted-types-for": "'script'",
      "trusted-types": "'none'",
    });
    const powers = (headers.get("permissions-policy") ?? "").split(", ");
    expect(powers.length).toBeGreaterThan(25);
    expect(powers.filter((power) => !power.endsWith("=()"))).toEqual(["clipboard-write=(self)"]);
    for (const name of ["camera", "microphone", "geolocation", "clipboard-read", "payment", "usb"])
      expect(powers).toContain(`${name}=()`);
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "same-origin",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    });
    expect(headers.get("strict-transport-security")).toBeNull();
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("over HTTPS", () => {
  it("browsers are held to HTTPS for a year, and signing out, and only that, clears what the site might have stored", async () => {
    const secure = await openTestDesk({ baseUrl: "https://desk.example", trustProxy: 1 });
    const proxy = await openProxy(secure.origin, { "x-forwarded-proto": "https" });
    const visitor = new Visitor(proxy.origin);
    await setUp(secure, visitor);
    const page = await visitor.raw("/profile");
    expect(page.headers.get("strict-transport-security")).toBe("max-age=31536000; includeSubDomains");
    expect(directives(page.headers.get("content-security-policy"))).toMatchObject({
      "upgrade-insecure-requests": "",
    });
    expect(page.headers.get("clear-site-data")).toBeNull();
    const body = new URLSearchParams(visitor.fieldsOf("Sign out").fields).toString();
    const out = await visitor.raw("/sign-out", { method: "POST", body, headers: FORM });
    expect(out.headers.get("clear-site-data")).toBe('"storage"');
    expect(out.headers.getSetCookie()).toEqual([
      "__Host-latchkey=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
    ]);
    await proxy.close();
    await secure.close();
  });

  it("over http signing out sends no header that browsers would only read over HTTPS", async () => {
    const visitor = new Visitor(desk.origin);
    await visitor.open("/sign-in");
    const out = await visitor.raw("/sign-out", { method: "POST", headers: FORM });
    expect(out.status).toBe(303);
    expect(out.headers.get("clear-site-data")).toBeNull();
  });
});
