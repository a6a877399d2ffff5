import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import path from "node:path";
import { TLSSocket } from "node:tls";
import { SMTPServer } from "smtp-server";
import { openPool } from "../../src/platform/database";
import { openMailer } from "../../src/platform/mailer";
import { latchkey, runHere } from "../support/command-line";
import { openTestDatabase } from "../support/database";
import { freePort } from "../support/program";
import { CERTIFICATE } from "../support/tls-proxy";

const KEY = path.join(__dirname, "..", "support", "example.com.key");
const PAIR = { cert: readFileSync(CERTIFICATE), key: readFileSync(KEY) };
const LETTER = { subject: "Hello", paragraphs: ["Hello"] };

type Env = Record<string, string>;
type Finding = { about: string; state: string; says: string };

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let env: Env;
beforeAll(async () => {
  database = await openTestDatabase();
  env = {
    DATABASE_URL: database.url,
    APP_SECRET: "a secret for the tests of encryption alone",
    PORT: String(await freePort()),
  };
});
afterAll(() => database.close());

/** What the doctor says of one thing; in a process of its own where that has to trust a certificate. */
async function said(about: string, more: Env): Promise<Finding | undefined> {
  const { out } = await (more.NODE_EXTRA_CA_CERTS ? latchkey : runHere)({ ...env, ...more }, [
    "doctor",
    "--json",
  ]);
  return (JSON.parse(out).findings as Finding[]).find((finding) => finding.about === about);
}

describe("the doctor", () => {
  // Names nobody has (RFC 2606), so that nothing is reached; what is said of the way there comes all the same.
  it.each([
    ["", "note", "are not encrypted"],
    ["?sslmode=disable", "note", "add sslmode=verify-full"],
    ["?ssl=0", "note", "are not encrypted"],
    ["?sslmode=no-verify", "note", "not asked for a good certificate"],
    ["?uselibpqcompat=true&sslmode=prefer", "note", "not asked for a good certificate"],
    ["?sslmode=prefer", "ok", "its certificate is checked"],
    ["?sslmode=require", "ok", "its certificate is checked"],
    ["?sslmode=verify-full", "ok", "its certificate is checked"],
    ["?ssl=true", "ok", "its certificate is checked"],
    ["?sslmode=verify-full&host=other.invalid", "ok", "connections to other.invalid are encrypted"],
  ])("says of a DATABASE_URL on another computer with %j: %s", async (query, state, words) => {
    const found = await said("DATABASE_URL", { DATABASE_URL: `postgres://u:p@db.invalid:1/x${query}` });
    expect(found).toMatchObject({ state, says: expect.stringContaining(words) });
    expect(found?.says).toContain(query.includes("host=") ? "other.invalid" : "db.invalid");
  });

  it.each([
    ["smtp://u:p@mail.invalid", "note", "write smtp://…?requireTLS=true, or smtps://"],
    ["smtp://mail.invalid:465", "note", "only if TLS is offered"],
    ["smtp://mail.invalid?requireTLS=false", "note", "only if TLS is offered"],
    ["smtp://mail.invalid?requiretls=true", "note", "only if TLS is offered"],
    ["smtps://mail.invalid?tls.rejectUnauthorized=false", "note", "take tls.rejectUnauthorized=false out"],
    ["smtp://mail.invalid?requireTLS=true", "ok", "its certificate is checked"],
    ["smtps://u:p@mail.invalid", "ok", "its certificate is checked"],
  ])("says of the SMTP_URL %s: %s", async (url, state, words) => {
    const found = await said("SMTP_URL", { SMTP_URL: url });
    expect(found).toMatchObject({ state, says: expect.stringContaining(words) });
    expect(found?.says).toContain("mail.invalid");
  });

  it.each(["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])("asks for no encryption to %s", async (host) => {
    const urls = { DATABASE_URL: `postgres://u:p@${host}:1/x`, SMTP_URL: `smtp://${host}:1` };
    expect(await said("DATABASE_URL", urls)).toBeUndefined();
    expect(await said("SMTP_URL", urls)).toBeUndefined();
  });

  it("asks for none through a socket of the file system, and takes no name that only begins like loopback for it", async () => {
    const by = (host: string) => said("DATABASE_URL", { DATABASE_URL: `postgres://u:p@${host}/x` });
    expect(await by("%2Fno%2Fsuch%2Ffolder")).toBeUndefined();
    expect(await by("127.example.invalid")).toMatchObject({ state: "note" });
    expect(await by("localhost.invalid")).toMatchObject({ state: "note" });
  });

  it("finds no problem in ways that are only not encrypted, nor prints what is in their addresses", async () => {
    const url = new URL(database.url);
    // By which a computer reaches itself, though it is no address of loopback.
    url.hostname = "0.0.0.0";
    const { code, out } = await runHere({ ...env, DATABASE_URL: url.href }, ["doctor"]);
    expect(out).toMatch(/^note {5}DATABASE_URL: connections to 0\.0\.0\.0 are not encrypted/m);
    expect(out).not.toContain(url.password);
    expect(code).toBe(0);
  });
});

describe("the way to Postgres", () => {
  let server: ReturnType<typeof createServer>;
  let port: number;
  /** What has come to it in the clear. */
  let heard: string;
  const to = (host: string, query: string) => {
    const url = new URL(database.url);
    url.host = `${host}:${port}`;
    url.search = query;
    return url.href;
  };
  const ask = async (host: string, query: string) => {
    const pool = openPool(to(host, query), () => {});
    try {
      return (await pool.query("select 1 as one")).rows[0].one;
    } finally {
      await pool.end();
    }
  };

  // Takes TLS off as Postgres itself does, which the one that comes along is built without a certificate for.
  beforeAll(async () => {
    const behind = new URL(database.url);
    server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (asked) => {
        heard += asked.toString("latin1");
        if (asked.length !== 8) return void socket.destroy();
        socket.write("S");
        const plain = new TLSSocket(socket, { isServer: true, ...PAIR });
        const onward = connect(Number(behind.port), behind.hostname);
        for (const end of [plain, onward]) end.on("error", () => {});
        plain.on("secure", () => plain.pipe(onward).pipe(plain));
        plain.on("close", () => onward.destroy());
      });
    }).listen(0, "localhost");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
  });
  beforeEach(() => {
    heard = "";
  });
  afterAll(() => server.close());

  it("is taken encrypted, to a server whose certificate is good", async () => {
    expect(await ask("localhost", `sslmode=verify-full&sslrootcert=${CERTIFICATE}`)).toBe(1);
    expect(heard).not.toContain("user");
  });

  it.each([
    ["from nobody who is known", "localhost", "sslmode=verify-full", /self.signed/],
    ["from nobody who is known, where only TLS is asked for", "localhost", "ssl=true", /self.signed/],
    ["for another name", "127.0.0.1", `sslmode=verify-full&sslrootcert=${CERTIFICATE}`, /altnames/],
  ])("is not taken to one with a certificate %s", async (_what, host, query, why) => {
    await expect(ask(host, query)).rejects.toThrow(why);
    expect(heard).not.toContain("user");
  });

  it("is not taken in the clear to a server without TLS where TLS is asked for", async () => {
    const url = `${database.url}?sslmode=verify-full`;
    const pool = openPool(url, () => {});
    await expect(pool.query("select 1")).rejects.toThrow("does not support SSL");
    await pool.end();
  });
});

describe("the way to a mail server", () => {
  type Office = { port: number; mails: number; close(): Promise<void> };

  /** A mail server that speaks TLS from the start, offers it, or has none. */
  async function open(tls: "from the start" | "offered" | "none"): Promise<Office> {
    const office: Office = { port: 0, mails: 0, close: () => new Promise((done) => server.close(done)) };
    const server = new SMTPServer({
      ...PAIR,
      secure: tls === "from the start",
      authOptional: true,
      closeTimeout: 1,
      disabledCommands: tls === "none" ? ["STARTTLS"] : [],
      onData(stream, _session, done) {
        office.mails++;
        stream.on("end", done).resume();
      },
    });
    server.on("error", () => {});
    server.listen(0, "localhost");
    await once(server.server, "listening");
    office.port = (server.server.address() as AddressInfo).port;
    return office;
  }
  let office: Office;
  afterEach(() => office.close());

  const send = (url: string) =>
    openMailer({ smtpUrl: url, from: "desk@example.com" }, new URL("https://desk.example"), {
      info() {},
    }).send({ id: "1", recipient: "ada@example.com", letter: LETTER as never, createdAt: new Date() });

  it("with smtp:// goes on without TLS where there is none, and with requireTLS=true hands nothing in", async () => {
    office = await open("none");
    await send(`smtp://localhost:${office.port}`);
    expect(office.mails).toBe(1);
    const insisting = `smtp://localhost:${office.port}?requireTLS=true`;
    await expect(send(insisting)).rejects.toThrow(/STARTTLS/);
    expect(office.mails).toBe(1);
    expect(await said("Mail", { SMTP_URL: insisting })).toMatchObject({
      state: "problem",
      says: expect.stringContaining("It does not speak TLS there"),
    });
  });

  it.each([
    ["offered", "smtp://", ""],
    ["offered", "smtp://", "?requireTLS=true"],
    ["from the start", "smtps://", ""],
  ] as const)(
    "with TLS %s, by %s%s, is taken only to a server with a good certificate",
    async (tls, scheme, query) => {
      office = await open(tls);
      const url = (host: string) => `${scheme}${host}:${office.port}${query}`;
      await expect(send(url("localhost"))).rejects.toThrow(/self.signed/);
      expect(office.mails).toBe(0);
      expect(await said("Mail", { SMTP_URL: url("localhost") })).toMatchObject({
        state: "problem",
        says: expect.stringContaining("Give it a certificate that is good for its name"),
      });
      const trusting = { NODE_EXTRA_CA_CERTS: CERTIFICATE };
      expect(await said("Mail", { SMTP_URL: url("localhost"), ...trusting })).toMatchObject({ state: "ok" });
      expect(await said("Mail", { SMTP_URL: url("127.0.0.1"), ...trusting })).toMatchObject({
        state: "problem",
        says: expect.stringMatching(/altnames/),
      });
    },
  );
});
