import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Pool } from "pg";
import { pino } from "pino";
import manifest from "../../package.json";
import { makeApiKey } from "../../src/base/api-key-format";
import { programRoutes } from "../../src/routes";
import { makeServer } from "../../src/server";
import { openDesk } from "../../src/web/desk";
import { Wire } from "../hold/wire";
import { ApiClient, type Shown } from "../support/api-client";
import { APP_SECRET, openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, type Known, setUp } from "../support/people";

const FORWARD = "/auth/forward";
/** Not there for anybody but the doctor. */
const FOR_DOCTOR = "/healthz/doctor";
const VERIFY = ["/v1/authentication/verify", "/authentication/verify"];
const KEYED = [
  "verifyKey",
  "verifyKeyHead",
  "verifyKeyAtOlderAddress",
  "verifyKeyAtOlderAddressHead",
  "whoAmI",
  "whoAmIHead",
];

let desk: TestDesk;
let ada: Known;
let client: ApiClient;
let good: Shown;
let service: Shown;
let ended: Shown;
let deactivated: Shown;
beforeAll(async () => {
  desk = await openTestDesk({ trustProxy: 1 });
  ada = await setUp(desk);
  client = await ApiClient.from(`${desk.origin}/v1/openapi.json`);
  good = await keyOf("people", ada.email);
  const grace = await addPerson(desk, "grace@example.com");
  ended = await keyOf("people", grace.email);
  await desk.db.query("update api_keys set ended_at = now() where id = $1", [ended.secret.slice(2, 10)]);
  const joan = await addPerson(desk, "joan@example.com");
  deactivated = await keyOf("people", joan.email);
  await desk.db.query("update people set deactivated_at = now() where email = $1", [joan.email]);
  await desk.db.query(
    `insert into service_accounts (name, purpose, responsible_id, roles)
     select 'Bäckerei', 'nightly', id, '{administrator}' from people where email = $1`,
    [ada.email],
  );
  service = await keyOf("service_accounts", "Bäckerei");
});
afterAll(() => desk.close());

async function keyOf(table: "people" | "service_accounts", name: string): Promise<Shown> {
  const { key, id, hash } = makeApiKey();
  const [owner, column] = table === "people" ? ["person_id", "email"] : ["service_account_id", "name"];
  await desk.db.query(
    `insert into api_keys (id, ${owner}, hash) select $1, id, $2 from ${table} where ${column} = $3`,
    [id, hash, name],
  );
  return { secret: key, name };
}

describe("GET /v1/openapi.json", () => {
  it("is a valid OpenAPI 3.1 document", async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(client.document))).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
    const broken = structuredClone(client.document);
    Object.assign(broken.paths["/v1/me"]?.get?.responses ?? {}, { 200: {} });
    expect((await validator.validate(broken)).valid).toBe(false);
  });

  it("is there for anybody, by GET and HEAD, without a session or a cookie, and kept by no cache", async () => {
    const before = (await desk.db.query("select last_active_at from sessions order by id")).rows;
    for (const method of ["GET", "HEAD"]) {
      const answer = await ada.visitor.raw("/v1/openapi.json", { method });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
      expect(answer.headers.get("set-cookie")).toBeNull();
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.body === "").toBe(method === "HEAD");
    }
    expect((await desk.db.query("select last_active_at from sessions order by id")).rows).toEqual(before);
  });

  it("names this version, this installation's address and its cookie", async () => {
    const other = await openTestDesk({ baseUrl: "https://desk.example" });
    const { document } = await ApiClient.from(`${other.origin}/v1/openapi.json`);
    await other.close();
    expect(document).toMatchObject({
      info: { version: manifest.version },
      servers: [{ url: "https://desk.example" }],
      components: { securitySchemes: { session: { in: "cookie", name: "__Host-latchkey" } } },
    });
    expect(client.document.servers).toMatchObject([{ url: desk.origin }]);
    expect(JSON.stringify(document)).toContain("curl -i -u 'ada@example.com:lk…' https://desk.example/v1/");
  });

  it("has every address that programs may ask, by GET and HEAD, and no other", () => {
    const routes = programRoutes.map(([, path]) => path).filter((path) => path !== FOR_DOCTOR);
    const served = [...VERIFY, ...routes];
    expect(Object.keys(client.document.paths).sort()).toEqual(served.sort());
    for (const item of Object.values(client.document.paths))
      expect(Object.keys(item)).toEqual(["get", "head"]);
  });

  it("asks for a key where the guard does, and nowhere else", () => {
    const guards = new Map<string, string>(programRoutes.map(([, path, guard]) => [path, guard]));
    const key = ["basic", "bearer", "xApiKey"];
    for (const { path, security } of client.operations) {
      const asks = security.flatMap((one) => Object.keys(one));
      const keyed = VERIFY.includes(path) || guards.get(path) === "apiKey";
      const expected = path === FORWARD ? [...key, "session"] : keyed ? key : [];
      expect({ path, asks }).toEqual({ path, asks: expected });
    }
  });

  it("says of everything what it is, with examples that are valid by their own schemas", () => {
    let examples = 0;
    const check = (schema: Record<string, unknown>, value: unknown) => {
      expect({ value, problem: client.problem(schema, value) }).toEqual({ value, problem: undefined });
      examples += 1;
    };
    for (const { method, summary, description, parameters = [], responses, ...rest } of client.operations) {
      expect([summary.length > 10, description.length > 10]).toEqual([true, true]);
      if (method === "get") expect(rest).toHaveProperty("x-codeSamples.0.source");
      for (const { schema, example } of parameters) check(schema, example);
      for (const answer of Object.values(responses)) {
        expect(answer.description.length).toBeGreaterThan(5);
        for (const { schema, example } of Object.values(answer.headers ?? {})) check(schema, example);
        for (const { schema, examples } of Object.values(answer.content ?? {})) {
          expect(Object.keys(examples).length).toBeGreaterThan(0);
          for (const { value } of Object.values(examples)) check(schema, value);
        }
      }
    }
    for (const schema of Object.values(client.document.components.schemas)) {
      expect(schema.description).toEqual(expect.any(String));
      for (const value of (schema.examples as unknown[]) ?? []) check(schema, value);
    }
    expect(examples).toBeGreaterThan(50);
  });
});

describe("what is really answered is what the document says, to a client that knows nothing else", () => {
  const WAYS = ["basic", "bearer", "xApiKey"];

  it.each(KEYED)(
    "%s lets a good key pass, shown in each way, of a person and of a service account",
    async (id) => {
      for (const by of WAYS)
        for (const shown of [good, service]) expect((await client.ask(id, { by, shown })).status).toBe(200);
    },
  );

  it.each(KEYED)("%s refuses no key, a wrong, an ended and a deactivated one, and another's", async (id) => {
    const headers = { "x-forwarded-for": "203.0.113.1" };
    expect((await client.ask(id, { headers })).status).toBe(401);
    const stranger = { secret: makeApiKey().key, name: "nobody@example.com" };
    for (const by of WAYS)
      for (const shown of [stranger, { ...good, secret: "guess" }, ended, deactivated])
        expect((await client.ask(id, { by, shown, headers })).status).toBe(401);
    const anothers = { secret: good.secret, name: "grace@example.com" };
    expect((await client.ask(id, { by: "basic", shown: anothers, headers })).status).toBe(401);
  });

  it("whoAmI tells whom the key belongs to", async () => {
    const { rows } = await desk.db.query(
      "select id from people where email = $1 union all select id from service_accounts",
      [ada.email],
    );
    const names = { email: ada.email, firstName: "Ada", lastName: "Lovelace" };
    const keyId = (shown: Shown) => shown.secret.slice(2, 10);
    expect((await client.ask("whoAmI", { by: "bearer", shown: good })).body).toEqual({
      id: rows[0].id,
      kind: "person",
      ...names,
      roles: ["administrator"],
      keyId: keyId(good),
    });
    expect((await client.ask("whoAmI", { by: "bearer", shown: service })).body).toEqual({
      id: rows[1].id,
      kind: "service-account",
      name: "Bäckerei",
      roles: ["administrator"],
      keyId: keyId(service),
    });
  });

  it("wrong keys are told to wait after too many, and a good one passes", async () => {
    const headers = { "x-forwarded-for": "203.0.113.2" };
    const wrong = () => client.ask("verifyKey", { by: "bearer", shown: { secret: "guess" }, headers });
    let tries = 1;
    while ((await wrong()).status === 401 && tries < 150) tries += 1;
    for (const id of KEYED) {
      expect((await client.ask(id, { by: "bearer", shown: { secret: "guess" }, headers })).status).toBe(429);
      expect((await client.ask(id, { by: "bearer", shown: good, headers })).status).toBe(200);
    }
  });

  it.each(["openApi", "openApiHead", "isAlive", "isAliveHead", "isReady", "isReadyHead"])(
    "%s answers anybody",
    async (id) => {
      expect((await client.ask(id)).status).toBe(200);
    },
  );

  it("without a database everything that needs one says when to ask again", async () => {
    const wire = await Wire.to(desk.databaseUrl);
    const db = new Pool({ connectionString: wire.url });
    db.on("error", () => {});
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const baseUrl = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const log = pino({ level: "silent" });
    const cut = await openDesk({ db, log, baseUrl, appSecret: APP_SECRET, passwordCost: 4 });
    server.on("request", makeServer(cut).listener);
    try {
      const itsClient = await ApiClient.from(new URL("/v1/openapi.json", baseUrl).href);
      expect((await itsClient.ask("whoAmI", { by: "bearer", shown: good })).status).toBe(200);
      await wire.end();
      for (const id of KEYED)
        expect((await itsClient.ask(id, { by: "bearer", shown: good })).status).toBe(503);
      for (const headers of [{}, { accept: "text/html" }])
        expect((await itsClient.ask("forwardAuth", { by: "bearer", shown: good, headers })).status).toBe(503);
      for (const id of ["isReady", "isReadyHead"]) expect((await itsClient.ask(id)).status).toBe(503);
      for (const id of ["isAlive", "openApi"]) expect((await itsClient.ask(id)).status).toBe(200);
    } finally {
      await wire.end();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await cut.mail.stop();
      await cut.calls.flush();
      await db.end();
    }
  });

  it("an answer that the document does not allow would be found", async () => {
    const narrow = structuredClone(client.document);
    const { Person } = narrow.components.schemas;
    (Person as { properties: Record<string, object> }).properties.keyId = { const: "another" };
    await expect(new ApiClient(narrow).ask("whoAmI", { by: "bearer", shown: good })).rejects.toThrow(
      /body is not/,
    );
    delete narrow.paths["/v1/me"]?.get?.responses["401"];
    await expect(new ApiClient(narrow).ask("whoAmI")).rejects.toThrow("no such status");
  });
});

describe("the check for reverse proxies", () => {
  const IDS = ["forwardAuth", "forwardAuthHead"];
  const BROWSER = { accept: "text/html", "user-agent": "Mozilla/5.0" };
  const session = () => ({ by: "session", shown: { secret: sessionOf(ada) } });

  it.each(IDS)("%s lets a good key and a session pass, and says who it is", async (id) => {
    const person = await client.ask(id, { by: "bearer", shown: good });
    const program = await client.ask(id, { by: "basic", shown: service });
    const seated = await client.ask(id, session());
    for (const answer of [person, program, seated]) expect(answer.status).toBe(200);
    expect(person.headers.get("x-latchkey-email")).toBe(ada.email);
    expect(program.headers.get("x-latchkey-name")).toBe("B%C3%A4ckerei");
    expect(seated.headers.get("x-latchkey-key-id")).toBe("");
    expect((await client.ask(id, { ...session(), query: { activity: ["no"] } })).status).toBe(200);
  });

  it.each(IDS)("%s refuses without a key, and sends browsers to sign in", async (id) => {
    expect((await client.ask(id)).status).toBe(401);
    expect((await client.ask(id, { by: "bearer", shown: ended })).status).toBe(401);
    expect((await client.ask(id, { headers: BROWSER })).status).toBe(302);
    const throughNginx = { ...BROWSER, "x-original-url": "https://wiki.example.com/" };
    expect((await client.ask(id, { headers: throughNginx })).status).toBe(401);
  });

  it.each(IDS)("%s refuses without the roles, a browser too", async (id) => {
    const ask = async (...role: string[]) =>
      (await client.ask(id, { by: "bearer", shown: good, query: { role } })).status;
    expect(await ask("billing")).toBe(403);
    expect(await ask("")).toBe(403);
    expect(await ask("billing", "administrator")).toBe(403);
    expect(await ask("billing,administrator")).toBe(200);
    const browser = await client.ask(id, { ...session(), headers: BROWSER, query: { role: ["billing"] } });
    expect([browser.status, browser.headers.get("content-type")]).toEqual([403, "text/html; charset=utf-8"]);
  });

  it.each(IDS)("%s tells of too many wrong keys, nginx as far as it understands", async (id) => {
    const headers = { "x-forwarded-for": "203.0.113.3" };
    const wrong = { by: "bearer", shown: { secret: "guess" }, headers };
    let tries = 1;
    while ((await client.ask(id, wrong)).status === 401 && tries < 150) tries += 1;
    expect((await client.ask(id, wrong)).status).toBe(429);
    const throughNginx = { ...headers, "x-original-url": "https://wiki.example.com/" };
    expect((await client.ask(id, { ...wrong, headers: throughNginx })).status).toBe(401);
  });
});

/** The value of the cookie of somebody signed in. */
function sessionOf({ visitor }: Known): string {
  return [...visitor.cookies.values()].at(-1) ?? "";
}

describe("an address for programs where nothing is, or another method", () => {
  const HUGE = "x".repeat(300_000);

  it.each([
    ["GET", "/v1", 404],
    ["GET", "/v1/", 404],
    ["GET", "/v1/nothing", 404],
    ["GET", "/V1/Nothing", 404],
    ["GET", "/v1/nothing.json", 404],
    ["GET", "/v1/%E0%A4%A", 404],
    ["GET", "/authentication", 404],
    ["GET", "/auth/nothing", 404],
    ["POST", "/v1/nothing", 404],
    ["PUT", "/v1/nothing", 404],
    ["POST", "/v1/me", 405],
    ["POST", "/V1/ME/", 405],
    ["DELETE", "/v1/me", 405],
    ["OPTIONS", "/v1/me", 405],
    ["PATCH", "/v1/openapi.json", 405],
    ["POST", "/v1/authentication/verify", 405],
    ["POST", "/authentication/verify/", 405],
    ["POST", "/healthz", 405],
    ["PUT", "/readyz", 405],
  ])(
    "%s %s is %d as JSON:API writes errors, also with a body, a session, or from another site",
    async (method, path, status) => {
      const bodies = ["GET", "OPTIONS"].includes(method) ? [undefined] : [undefined, "{", HUGE];
      for (const body of bodies) {
        const before = (await desk.db.query("select last_active_at from sessions order by id")).rows;
        const answer = await ada.visitor.raw(path, {
          method,
          headers: {
            "content-type": "application/json",
            origin: "https://evil.example",
            "sec-fetch-site": "cross-site",
          },
          ...(body !== undefined && { body }),
        });
        expect(answer.status).toBe(status);
        expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
        expect(answer.headers.get("allow")).toBe(status === 405 ? "GET, HEAD" : null);
        expect(answer.headers.get("set-cookie")).toBeNull();
        const schema = { $ref: "#/components/schemas/Errors" };
        expect(client.problem(schema, JSON.parse(answer.body))).toBeUndefined();
        expect(JSON.parse(answer.body).errors[0]).toMatchObject({
          status: String(status),
          title: status === 404 ? "Not Found" : "Method Not Allowed",
        });
        expect((await desk.db.query("select last_active_at from sessions order by id")).rows).toEqual(before);
      }
    },
  );

  it("is no redirect either while the installation is not set up", async () => {
    const fresh = await openTestDesk();
    try {
      for (const path of ["/v1/nothing", "/auth/nothing", "/authentication/nothing"]) {
        const answer = await fetch(fresh.origin + path, { redirect: "manual" });
        expect(answer.status).toBe(404);
        expect(await answer.json()).toHaveProperty("errors.0.status", "404");
      }
    } finally {
      await fresh.close();
    }
  });

  it("is told to HEAD without a body", async () => {
    const answer = await fetch(`${desk.origin}/v1/nothing`, { method: "HEAD" });
    expect([answer.status, await answer.text()]).toEqual([404, ""]);
  });

  it.each([
    ["what is not HTTP", "NONSENSE\r\n\r\n", "400"],
    [
      "a head of more than 16 KB",
      `GET /v1/me HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`,
      "431",
    ],
  ])("%s is refused without a body", async (_what, bytes, status) => {
    const socket = connect(Number(new URL(desk.origin).port), "127.0.0.1");
    socket.end(bytes);
    let text = "";
    for await (const chunk of socket) text += chunk;
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text.endsWith("\r\n\r\n")).toBe(true);
  });
});
