import { get, type IncomingMessage } from "node:http";
import { openTestDesk, type TestDesk } from "../support/desk";
import { type Known, setUp } from "../support/people";

const MOST_BYTES = 30 * 1024;
let desk: TestDesk;
let ada: Known;
beforeAll(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
  await desk.db.query(
    `insert into people (email, first_name, last_name, password_hash)
     select md5(n::text) || '@example.com', md5('a' || n), md5('b' || n), 'x' from generate_series(1, 60) n`,
  );
});
afterAll(() => desk.close());

/** One answer as it goes over the wire. */
function ask(path: string, encoding?: string): Promise<{ answer: IncomingMessage; bytes: number }> {
  return new Promise((resolve, reject) => {
    const headers = { cookie: ada.visitor.cookieHeader(), ...(encoding && { "accept-encoding": encoding }) };
    get(new URL(path, desk.origin), { headers }, (answer) => {
      let bytes = 0;
      answer.on("data", (chunk: Buffer) => (bytes += chunk.length));
      answer.on("end", () => resolve({ answer, bytes }));
    }).on("error", reject);
  });
}

async function filesOf(path: string): Promise<string[]> {
  const { html } = await ada.visitor.tab().open(path);
  return [...new Set([...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, file = ""]) => file))];
}

describe("what a page weighs over the wire", () => {
  it.each([
    "/profile",
    "/admin/people",
    "/admin/people?page=last",
    "/admin/activity",
    "/admin/settings",
    "/profile/sessions",
    "/docs/api",
  ])("is less than 30 KB for %s on the first visit, with everything it loads", async (path) => {
    const files = await filesOf(path);
    expect(files.length).toBeGreaterThanOrEqual(5);
    const parts = await Promise.all([path, ...files].map((part) => ask(part, "gzip, deflate, br")));
    // A page that is short anyway is sent as it is.
    for (const { answer } of parts.slice(1)) expect(answer.headers["content-encoding"]).toBe("br");
    expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(MOST_BYTES);
  });

  it("is nothing but the page on the next visit: files are kept for a year under names of their content", async () => {
    for (const file of await filesOf("/profile")) {
      const { answer } = await ask(file, "br");
      expect(answer.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
      expect((await ask(file.replace(/\.[0-9a-f]{10}\./, ".0000000000."))).answer.statusCode).toBe(404);
    }
  });

  it.each([
    ["br", "br"],
    ["gzip", "gzip"],
    ["identity", undefined],
    [undefined, undefined],
    ["br;q=0, gzip;q=0", undefined],
  ])("is packed as %s where that is asked for", async (asked, packed) => {
    const [file = ""] = await filesOf("/profile");
    for (const path of [file, "/profile"]) {
      const { answer } = await ask(path, asked);
      expect([path, answer.statusCode, answer.headers["content-encoding"]]).toEqual([path, 200, packed]);
      expect(answer.headers.vary).toContain("Accept-Encoding");
    }
  });
});
