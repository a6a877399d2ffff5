import { ApiClient } from "../support/api-client";
import { openTestDesk, type TestDesk } from "../support/desk";
import { type Known, setUp } from "../support/people";
import { Visitor } from "../support/visitor";

let desk: TestDesk;
let ada: Known;
let client: ApiClient;
let stranger: Visitor;
beforeAll(async () => {
  desk = await openTestDesk({ baseUrl: "http://desk.example:8443" });
  ada = await setUp(desk);
  client = await ApiClient.from(`${desk.origin}/v1/openapi.json`);
  stranger = await new Visitor(desk.origin).open("/docs/api");
});
afterAll(() => desk.close());

/** The rows of the table with this caption, each cell by its column. */
function rowsOf(caption: string): Record<string, string>[] {
  const $ = stranger.$;
  const table = $("table").filter((_, one) => $(one).find("caption").text() === caption);
  expect(table.length).toBe(1);
  const words = (cell: Parameters<typeof $>[0]) => $(cell).text().replace(/\s+/g, " ").trim();
  return table
    .find("tbody tr")
    .toArray()
    .map((row) =>
      Object.fromEntries(
        $(row)
          .find("td")
          .toArray()
          .map((cell) => [$(cell).attr("data-column"), words(cell)]),
      ),
    );
}

describe("/docs/api", () => {
  it("is read by anybody, without a session, and by whoever is signed in with their navigation", async () => {
    expect([stranger.status, stranger.heading]).toEqual([200, "API for programs"]);
    expect(stranger.cookies.size).toBe(0);
    expect(stranger.hasButton("Sign out")).toBe(false);
    const visitor = await ada.visitor.tab().open("/docs/api");
    expect([visitor.status, visitor.hasButton("Sign out")]).toEqual([200, true]);
  });

  it("has a table of answers for everything in the document, at all its addresses", () => {
    for (const { method, path, summary, responses } of client.operations) {
      if (method !== "get" || path === "/authentication/verify") continue;
      expect(stranger.text).toContain(summary);
      const rows = rowsOf(`Answers to ${path}`);
      expect(rows.map(({ Status = "" }) => Status.slice(0, 3))).toEqual(Object.keys(responses));
      for (const [i, answer] of Object.values(responses).entries()) {
        expect(rows[i]?.When).toBe(answer.description.replaceAll("`", ""));
        for (const name of Object.keys(answer.headers ?? {})) expect(rows[i]?.Headers).toContain(name);
        expect(rows[i]?.Body === "none").toBe(answer.content === undefined);
      }
    }
    expect(stranger.text).toContain("GET, HEAD /authentication/verify");
  });

  it("tells each field of each schema with its type and meaning", () => {
    const rows = rowsOf("Fields of Person");
    const { properties } = client.document.components.schemas.Person as {
      properties: Record<string, { description: string }>;
    };
    expect(rows.map(({ Field }) => Field)).toEqual(Object.keys(properties));
    for (const [i, { description }] of Object.values(properties).entries())
      expect(rows[i]?.Meaning).toBe(description.replaceAll("`", ""));
    expect(rows.map(({ Type }) => Type)).toEqual([
      "UUID",
      'always "person"',
      ...["text", "text", "text", "list of texts", "text"],
    ]);
    expect(rowsOf("Fields of Errors").map(({ Field }) => Field)).toEqual([
      "errors",
      "errors[].status",
      "errors[].title",
      "errors[].detail",
    ]);
  });

  it("shows how to send a key to this very installation, each way", () => {
    const $ = stranger.$;
    const samples = $("pre")
      .toArray()
      .map((pre) => $(pre).text().trim())
      .filter((text) => text.startsWith("curl"));
    for (const option of ["-u 'ada@example.com:lk…'", "Authorization: Bearer lk…", "X-API-Key: lk…"])
      expect(samples.some((sample) => sample.includes(option))).toBe(true);
    for (const sample of samples) expect(sample).toMatch(/ '?http:\/\/desk\.example:8443\//);
    expect(rowsOf("Ways to show who asks").map(({ Way }) => Way)).toEqual([
      "HTTP Basic",
      "Bearer",
      "X-API-Key",
      "Session cookie",
    ]);
  });

  it("shows the example answers of the document, and leads to it", () => {
    const { content = {} } = client.operation("whoAmI").responses["200"] ?? {};
    const examples = Object.values(content["application/json"]?.examples ?? {});
    expect(examples.length).toBe(2);
    const $ = stranger.$;
    const shown = $("details pre")
      .toArray()
      .map((pre) => $(pre).text());
    for (const { value } of examples)
      expect(shown.filter((text) => text.startsWith("{")).map((text) => JSON.parse(text))).toContainEqual(
        value,
      );
    expect($('a[href="/v1/openapi.json"]').length).toBe(1);
  });

  it("needs no script, and keeps to itself before the installation is set up", async () => {
    const $ = stranger.$;
    expect($("main script, main [onclick]").length).toBe(0);
    const fresh = await openTestDesk();
    expect((await new Visitor(fresh.origin).open("/docs/api")).path).toBe("/sign-in");
    await fresh.close();
  });
});
