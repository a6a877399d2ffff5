import { request } from "node:http";
import { crc32 } from "node:zlib";
import { apiKeyId, makeApiKey } from "../../src/base/api-key-format";
import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, type Known, PASSWORD, setUp } from "../support/people";
import { until } from "../support/until";
import { Visitor } from "../support/visitor";

let desk: TestDesk;
let ada: Known;
let key: string;
beforeAll(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
  key = (await ada.visitor.press("Generate API Key")).value("API key");
});
afterAll(() => desk.close());

const basic = (name: string, secret: string) =>
  `Basic ${Buffer.from(`${name}:${secret}`).toString("base64")}`;

type Raw = { status: number; headers: Record<string, unknown>; rawBody: string };
const PATHS = ["/v1/authentication/verify", "/authentication/verify"];

/** One request as a bare client sends it: nothing is added to the headers. */
function ask(path: string, headers: Record<string, string>, method = "GET"): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, desk.origin), { method, headers, agent: false }, (response) => {
      let rawBody = "";
      response.setEncoding("utf8").on("data", (chunk) => (rawBody += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, rawBody }),
      );
    });
    outgoing.on("error", reject).end();
  });
}

/** A well-formed key with the id of a real one and another secret, as somebody would make who knows the id. */
function forge(real: string): string {
  const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const body = real.slice(0, 10) + "A".repeat(32);
  let [rest, sum] = [crc32(body), ""];
  for (; sum.length < 6; rest = Math.floor(rest / 62)) sum = alphabet.charAt(rest % 62) + sum;
  return body + sum;
}

describe("the log", () => {
  it("says where a request belongs in a distributed trace, where its traceparent does", async () => {
    const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    for (const path of ["/v1/authentication/verify", "/v1/me", "/sign-in"]) {
      await ask(path, { traceparent: `00-${trace}-00f067aa0ba902b7-01` });
      await ask(path, { traceparent: "00-forged" });
      const logged = () => desk.log.map((line) => JSON.parse(line)).filter(({ req }) => req?.path === path);
      await until("both are logged", () => logged().length >= 2);
      const [traced, untraced] = logged().slice(-2);
      expect(traced).toMatchObject({
        trace_id: trace,
        span_id: "00f067aa0ba902b7",
        req: { id: expect.any(String) },
      });
      expect(untraced).not.toHaveProperty("trace_id");
    }
  });
});

describe.each(PATHS)("GET and HEAD %s", (path) => {
  it.each(["GET", "HEAD"])(
    "%s is 200 with an empty body for a good key, sent in each of three ways",
    async (method) => {
      for (const headers of [
        { authorization: basic(ada.email, key) },
        { authorization: basic("ADA@example.COM", key) },
        { authorization: basic(" ada@example.com ", key) },
        { authorization: `Bearer ${key}` },
        { "x-api-key": key },
      ]) {
        const answer = await ask(path, headers, method);
        expect(answer).toMatchObject({ status: 200, rawBody: "" });
        expect(answer.headers["set-cookie"]).toBeUndefined();
        expect(answer.headers["cache-control"]).toBe("no-store");
        expect(answer.headers["x-content-type-options"]).toBe("nosniff");
      }
    },
  );

  it("has no header that only says something of a document", async () => {
    const { headers } = await ask(path, { authorization: basic(ada.email, key) });
    const names = ["cache-control", "connection", "content-length", "date"];
    expect(Object.keys(headers).sort()).toEqual([...names, "x-content-type-options"]);
  });

  it("is 503, empty, where the key cannot be looked up, and the log has the reason", async () => {
    await desk.db.query("alter table api_keys rename to elsewhere");
    const answer = await ask(path, { authorization: basic(ada.email, key) });
    await desk.db.query("alter table elsewhere rename to api_keys");
    expect([answer.status, answer.rawBody, answer.headers["retry-after"]]).toEqual([503, "", "2"]);
    const lines = desk.log.map((line) => JSON.parse(line));
    const told = lines.filter(({ msg }) => msg === "A key could not be checked").at(-1);
    expect(told).toMatchObject({ level: 50, err: { message: expect.stringContaining("api_keys") } });
    expect((await ask(path, { authorization: basic(ada.email, key) })).status).toBe(200);
  });

  it("ignores any Accept, and any Content-Type without a body", async () => {
    for (const headers of [
      { accept: "text/html" },
      { accept: "nonsense" },
      { "content-type": "application/json" },
      { "content-type": "§" },
    ]) {
      expect(
        await ask(path, { ...headers, authorization: basic(ada.email, key) } as Record<string, string>),
      ).toMatchObject({ status: 200, rawBody: "" });
      expect(await ask(path, headers as Record<string, string>)).toMatchObject({ status: 401, rawBody: "" });
    }
  });

  it("answers everything else alike: 401, empty, no cookie", async () => {
    const grace = await addPerson(desk, `grace${Math.random()}@example.com`);
    const wrong = key.slice(0, -1) + (key.endsWith("a") ? "b" : "a");
    expect(apiKeyId(forge(key))).toBe(apiKeyId(key));
    const answers = await Promise.all(
      [
        {},
        { authorization: basic(ada.email, wrong) },
        { authorization: basic(ada.email, makeApiKey().key) },
        { authorization: basic(ada.email, forge(key)) },
        { authorization: basic(grace.email, key) },
        { authorization: basic("", key) },
        { authorization: basic(ada.email, PASSWORD) },
        { authorization: basic(ada.email, key.slice(0, 40)) },
        { authorization: basic(ada.email, `${key} `) },
        { authorization: "Basic !!!" },
        { authorization: `Bearer ${wrong}` },
        { authorization: "Bearer" },
        { "x-api-key": `${key}x` },
        { "x-api-key": "' or 1=1 --" },
        { authorization: `Bearer ${"x".repeat(8000)}` },
        { cookie: ada.visitor.cookieHeader() },
      ].map((headers) => ask(path, headers as Record<string, string>)),
    );
    const shape = ({ status, headers, rawBody }: Raw) => ({
      status,
      rawBody,
      headers: { ...headers, date: "" },
    });
    expect(answers[0]).toMatchObject({ status: 401, rawBody: "" });
    for (const answer of answers) expect(shape(answer)).toEqual(shape(answers[0] as Raw));
    expect(answers[0]?.headers["set-cookie"]).toBeUndefined();
  });

  it("refuses the key of somebody deactivated", async () => {
    await desk.db.query("update people set deactivated_at = now() where email = $1", [ada.email]);
    expect((await ask(path, { authorization: basic(ada.email, key) })).status).toBe(401);
    await desk.db.query("update people set deactivated_at = null where email = $1", [ada.email]);
    expect((await ask(path, { authorization: basic(ada.email, key) })).status).toBe(200);
  });
});

it("takes no key for a password", async () => {
  const visitor = await new Visitor(desk.origin).open("/sign-in");
  await visitor.fill("Email", ada.email).fill("Password", key).press("Sign in");
  expect(visitor.status).toBe(422);
});

describe("GET /v1/me", () => {
  it("says who the key belongs to", async () => {
    const answer = await ask("/v1/me", { authorization: `Bearer ${key}` });
    expect(answer.status).toBe(200);
    const { rows } = await desk.db.query("select id from people where email = $1", [ada.email]);
    expect(JSON.parse(answer.rawBody)).toEqual({
      id: rows[0].id,
      kind: "person",
      email: "ada@example.com",
      firstName: "Ada",
      lastName: "Lovelace",
      roles: ["administrator"],
      keyId: key.slice(2, 10),
    });
  });

  it("answers without a key as JSON:API writes errors", async () => {
    const answer = await ask("/v1/me", {});
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.rawBody)).toEqual({
      errors: [{ status: "401", title: "Unauthorized", detail: "Send a valid API key." }],
    });
  });

  it("answers an unknown /v1 address in JSON too", async () => {
    const answer = await ask("/v1/nothing", {});
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.rawBody).errors[0].status).toBe("404");
    expect(answer.headers["retry-after"]).toBeUndefined();
    expect(answer.headers["set-cookie"]).toBeUndefined();
  });
});
