import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { makeApiKey } from "../../src/base/api-key-format";
import { hasCurl, skippedWithoutCurl } from "../support/curl";
import { openTestDesk, type TestDesk } from "../support/desk";
import { type Known, setUp } from "../support/people";

const PATHS = ["/v1/authentication/verify", "/authentication/verify"];
const test = hasCurl ? it : it.skip;

let desk: TestDesk;
let ada: Known;
let key: string;
let folder: string;
beforeAll(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
  key = (await ada.visitor.press("Generate API Key")).value("API key");
  folder = mkdtempSync(path.join(tmpdir(), "latchkey-curl-"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await desk.close();
});

/** What curl got: every head there was, and what came after the last. */
async function curl(
  address: string,
  ...args: string[]
): Promise<{ heads: string[]; body: string; code: string }> {
  const all = [
    "-q",
    "-s",
    "-S",
    "--max-time",
    "10",
    "-i",
    "-w",
    "\n%{http_code} %{size_download}",
    ...args,
    address,
  ];
  const { stdout } = await promisify(execFile)("curl", all);
  const [, text = "", code = ""] = /^([\s\S]*)\n(\d+ \d+)$/.exec(stdout) ?? [];
  const parts = text.split("\r\n\r\n");
  return { heads: parts.slice(0, -1), body: parts.at(-1) ?? "", code };
}

const basic = (name: string, secret: string) => Buffer.from(`${name}:${secret}`).toString("base64");

type Client = { words: string; args: () => string[]; after?: string };
const CLIENTS: Client[] = [
  { words: "HTTP Basic sent unasked", args: () => ["-u", `${ada.email}:${key}`] },
  { words: "HEAD, by -I", args: () => ["-I", "-u", `${ada.email}:${key}`] },
  { words: "name and key from a .netrc", args: () => ["--netrc-file", netrc()] },
  { words: "the email in capitals", args: () => ["-u", `ADA@Example.COM:${key}`] },
  { words: "the scheme in capitals", args: () => ["-H", `Authorization: BASIC ${basic(ada.email, key)}`] },
  { words: "the scheme in small letters", args: () => ["-H", `authorization: bearer ${key}`] },
  { words: "Bearer", args: () => ["-H", `Authorization: Bearer ${key}`] },
  { words: "X-API-Key", args: () => ["-H", `X-API-Key: ${key}`] },
  { words: "Accept: application/vnd.api+json", args: () => accepting("application/vnd.api+json") },
  { words: "Accept that is nonsense", args: () => accepting("no/such;;q=eleven, ,") },
  { words: "Accept that is empty", args: () => ["-H", "Accept;", "-u", `${ada.email}:${key}`] },
  {
    words: "no Accept and no User-Agent",
    args: () => ["-H", "Accept:", "-A", "", "-u", `${ada.email}:${key}`],
  },
  {
    words: "a Content-Type without a body",
    args: () => ["-H", "Content-Type: application/vnd.api+json", "-u", `${ada.email}:${key}`],
  },
  {
    words: "a Content-Type of nonsense and a length of nothing",
    args: () => ["-H", "Content-Type: ;;", "-H", "Content-Length: 0", "-u", `${ada.email}:${key}`],
  },
  { words: "HTTP/1.0", args: () => ["--http1.0", "-u", `${ada.email}:${key}`] },
  { words: "Expect: 100-continue", args: () => ["-H", "Expect: 100-continue", "-u", `${ada.email}:${key}`] },
  { words: "a body nobody reads", args: () => ["-X", "GET", "-d", "{}", "-u", `${ada.email}:${key}`] },
  { words: "a slash at the end", after: "/", args: () => ["-u", `${ada.email}:${key}`] },
  { words: "a query string", after: "?verbose=1&x=%zz", args: () => ["-u", `${ada.email}:${key}`] },
  { words: "both", after: "/?", args: () => ["-u", `${ada.email}:${key}`] },
  {
    words: "a cookie and a header of ours along",
    args: () => ["-b", "latchkey=s%3Anonsense", "-H", "X-Latchkey-User-Id: me", "-u", `${ada.email}:${key}`],
  },
  { words: "redirects followed", args: () => ["-L", "--anyauth", "-u", `${ada.email}:${key}`] },
];

function accepting(type: string): string[] {
  return ["-H", `Accept: ${type}`, "-u", `${ada.email}:${key}`];
}

function netrc(): string {
  const file = path.join(folder, "netrc");
  writeFileSync(file, `machine 127.0.0.1 login ${ada.email} password ${key}\n`, { mode: 0o600 });
  return file;
}

describe.each(PATHS)(`curl at %s${skippedWithoutCurl}`, (address) => {
  test.each(CLIENTS)("is let in with a good key: $words", async ({ args, after = "" }) => {
    const { heads, body, code } = await curl(desk.origin + address + after, ...args());
    expect([code, body]).toEqual(["200 0", ""]);
    const last = heads.at(-1)?.toLowerCase() ?? "";
    expect(last).toMatch(/^http\/1\.[01] 200 ok\r\n/);
    expect(last).toContain("\r\ncontent-length: 0");
    expect(last).not.toMatch(/\r\n(set-cookie|location|content-type|x-latchkey)/);
  });

  test.each(CLIENTS)(
    "is refused with the same once the key is another: $words",
    async ({ args, after = "" }) => {
      const right = key;
      key = makeApiKey().key;
      try {
        const { heads, body, code } = await curl(desk.origin + address + after, ...args());
        expect([code, body]).toEqual(["401 0", ""]);
        const last = heads.at(-1)?.toLowerCase() ?? "";
        expect(last).toContain('\r\nwww-authenticate: basic realm="latchkey"');
        expect(last).not.toMatch(/\r\n(set-cookie|location|content-type|x-latchkey)/);
      } finally {
        key = right;
      }
    },
  );

  test("asks for HTTP Basic where curl first looks what is asked for, and lets it in at the second try", async () => {
    const { heads, code } = await curl(desk.origin + address, "--anyauth", "-u", `${ada.email}:${key}`);
    expect(heads.map((head) => head.slice(9, 12))).toEqual(["401", "200"]);
    expect(code).toBe("200 0");
  });

  test("--fail tells a script by curl's own exit code", async () => {
    await expect(curl(desk.origin + address, "-f", "-u", `${ada.email}:${key}`)).resolves.toHaveProperty(
      "code",
      "200 0",
    );
    await expect(curl(desk.origin + address, "-f", "-u", `${ada.email}:wrong`)).rejects.toHaveProperty(
      "code",
      22,
    );
  });

  test("keeps one connection for several checks, GET and HEAD, good and bad", async () => {
    const url = desk.origin + address;
    const next = ["-w", "%{http_code} %{num_connects}\n", "-o", "/dev/null", "-s"];
    const asks = [
      ["-u", `${ada.email}:${key}`],
      ["-u", `${ada.email}:wrong`],
      ["-I", "-u", `${ada.email}:${key}`],
      ["-X", "GET", "-d", "{}", "-u", `${ada.email}:${key}`],
      ["-u", `${ada.email}:${key}`],
    ];
    const args = asks.flatMap((ask, i) => [...(i > 0 ? ["--next"] : []), ...next, ...ask, url]);
    const { stdout } = await promisify(execFile)("curl", ["-q", ...args]);
    expect(stdout.trim().split("\n")).toEqual(["200 1", "401 0", "200 0", "200 0", "200 0"]);
  });
});
