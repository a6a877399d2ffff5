import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { latchkey, runHere } from "../support/command-line";
import { openTestDatabase } from "../support/database";
import { PostOffice } from "../support/post-office";
import { freePort, type Program, runProgram } from "../support/program";
import { asItShould, CERTIFICATE, openTlsProxy } from "../support/tls-proxy";

const ROOT = path.join(__dirname, "..", "..");
const CLI = path.join(ROOT, "dist", "cli.js");
const APP_SECRET = "a secret for the tests of the doctor alone";
const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

type Env = Record<string, string>;
type Finding = { about: string; state: string; says: string };

/** What the doctor found, by what it is about; the first where there are several. */
async function examine(env: Env): Promise<{ code: number | null; found: Record<string, Finding> }> {
  // In a process of its own only where something must be there when that starts.
  const run = env.NODE_OPTIONS || env.NODE_EXTRA_CA_CERTS ? latchkey : runHere;
  const { code, out, err } = await run(env, ["doctor", "--json"]);
  expect(err).toBe("");
  const found: Record<string, Finding> = {};
  for (const finding of JSON.parse(out).findings as Finding[]) found[finding.about] ??= finding;
  return { code, found };
}

const problem = (says: string | RegExp) => ({
  state: "problem",
  says: typeof says === "string" ? expect.stringContaining(says) : expect.stringMatching(says),
});

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let env: Env;
beforeAll(async () => {
  database = await openTestDatabase();
  env = { DATABASE_URL: database.url, APP_SECRET, PORT: String(await freePort()) };
});
afterAll(() => database.close());

describe("the doctor at an installation that does not run", () => {
  it("finds no problem in a sound one, and says what it looked at", async () => {
    const { code, found } = await examine({ ...env, SMTP_URL: "" });
    expect(Object.fromEntries(Object.entries(found).map(([about, { state }]) => [about, state]))).toEqual({
      Configuration: "ok",
      Database: "ok",
      Clock: "ok",
      Migrations: "ok",
      Trail: "ok",
      Secret: "ok",
      Port: "ok",
      BASE_URL: "note",
      Mail: "note",
    });
    expect(code).toBe(0);
  });

  it("names what keeps the trail from being changed, where that is off or gone", async () => {
    const look = async () => (await examine(env)).found.Trail;
    for (const [off, on] of [
      [
        "alter table trail disable trigger trail_only_grows",
        "alter table trail enable trigger trail_only_grows",
      ],
      ["alter table trail_chain rename to elsewhere", "alter table elsewhere rename to trail_chain"],
    ] as const) {
      await database.db.query(off);
      expect(await look()).toMatchObject(problem(/^the trigger (trail|trail_chain)_only_grows is off/));
      await database.db.query(on);
      expect(await look()).toMatchObject({ state: "ok" });
    }
  });

  it("names a wrong secret", async () => {
    await latchkey(env, [
      "admin",
      "create",
      "--email",
      "a@example.com",
      "--first-name",
      "A",
      "--last-name",
      "B",
    ]);
    const { code, found } = await examine({
      ...env,
      APP_SECRET: "another secret which is not the one at all",
    });
    expect(code).toBe(1);
    expect(found.Secret).toMatchObject(problem("APP_SECRET is not the one this database was made with"));
  });

  it("names an old schema, and the command that mends it", async () => {
    const old = await openTestDatabase();
    const { rows } = await old.db.query(
      "delete from migrations where id = (select max(id) from migrations) returning name",
    );
    const { code, found } = await examine({ ...env, DATABASE_URL: old.url });
    expect(code).toBe(1);
    expect(found.Migrations).toMatchObject(problem(`${rows[0].name} missing: run the command migrate`));
    await old.close();
  });

  it("names a newer schema, and that a newer version is wanted", async () => {
    const newer = await openTestDatabase();
    await newer.db.query("insert into migrations (name, run_on) values ('0999_later', now())");
    const { code, found } = await examine({ ...env, DATABASE_URL: newer.url });
    expect(code).toBe(1);
    expect(found.Database).toMatchObject({ state: "ok" });
    expect(found.Migrations).toMatchObject(
      problem(/made by a newer Latchkey \(it has 0999_later\)\. Run that version/),
    );
    await newer.close();
  });

  it("names a database that takes no changes", async () => {
    const standby = new URL(database.url);
    standby.searchParams.set("options", "-c default_transaction_read_only=on");
    const { code, found } = await examine({ ...env, DATABASE_URL: standby.href });
    expect(code).toBe(1);
    expect(found.Database).toMatchObject(problem("point DATABASE_URL at the primary"));
  });

  it.each([
    ["postgres://u:p@127.0.0.1:1/x", "start the database, or mend host and port"],
    ["postgres://u:p@no-such-host.invalid/x", "mend the host in DATABASE_URL"],
    ["WRONG PASSWORD", "mend user and password in DATABASE_URL"],
    ["NO DATABASE", "make the database, or mend its name"],
  ])("says what to do about %s", async (url, mend) => {
    const given = new URL(url.startsWith("postgres:") ? url : database.url);
    if (url === "WRONG PASSWORD") given.password = "wrong";
    if (url === "NO DATABASE") given.pathname = "/not_there";
    const there = { ...env, DATABASE_URL: given.href, BASE_URL: "https://desk.example.com" };
    const { code, found } = await examine(there);
    expect(code).toBe(1);
    expect(found.Database).toMatchObject(problem(mend));
    expect(found.BASE_URL?.says).toMatch(
      /was not tried, because the database does not say whether the program runs$/,
    );
  });

  it("says where letters go without a mail server, and names one that does not answer, or not to this user", async () => {
    expect((await examine(env)).found.Mail).toMatchObject({
      state: "note",
      says: expect.stringMatching(/letters go to the program's log: set it to your mail server/),
    });
    const nothing = `smtp://127.0.0.1:${await freePort()}`;
    expect((await examine({ ...env, SMTP_URL: nothing })).found.Mail).toMatchObject(
      problem("Mend its host and port"),
    );
    const office = await PostOffice.open();
    expect((await examine({ ...env, SMTP_URL: office.url })).found.Mail).toMatchObject({ state: "ok" });
    const tls = office.url.replace("smtp:", "smtps:");
    expect((await examine({ ...env, SMTP_URL: tls })).found.Mail).toMatchObject(
      problem("Use smtps:// where TLS is spoken"),
    );
    await office.close();
  });

  it.each([-90, 40])("names a clock that is %i s off the database's", async (seconds) => {
    const folder = mkdtempSync(path.join(tmpdir(), "latchkey-doctor-"));
    const shift = path.join(folder, "shift.js");
    writeFileSync(shift, `const now = Date.now; Date.now = () => now() + ${seconds * 1000};`);
    const { code, found } = await examine({ ...env, NODE_OPTIONS: `--require ${shift}` });
    expect(code).toBe(1);
    const where = seconds < 0 ? "behind" : "ahead of";
    const about = Math.abs(seconds);
    expect(found.Clock).toMatchObject(
      problem(
        new RegExp(
          `^(${about - 1}\\.[5-9]|${about}\\.[0-4]) s ${where} the database's: set the clocks by NTP`,
        ),
      ),
    );
    rmSync(folder, { recursive: true });
  });

  it("names a port that another program has, and one that is not its to have", async () => {
    const other = createServer((_req, res) => res.end("hello")).listen(0);
    await once(other, "listening");
    const PORT = String((other.address() as AddressInfo).port);
    const { code, found } = await examine({ ...env, PORT });
    expect(code).toBe(1);
    expect(found.Port).toMatchObject(problem(`${PORT} is taken by another program: stop that`));
    other.close();
    expect((await examine({ ...env, HOST: "192.0.2.1" })).found.Port).toMatchObject(
      problem("no address of this computer"),
    );
  });
});

describe("the doctor at a running installation", () => {
  let program: Program;
  let proxy: Awaited<ReturnType<typeof openTlsProxy>>;
  let mine: Env;

  /** Runs the program behind a proxy at https://localhost that sends these headers, and lets the doctor look. */
  async function examineBehind(
    headers: Parameters<typeof openTlsProxy>[1],
    more: Env = {},
  ): Promise<Record<string, Finding>> {
    const port = await freePort();
    proxy = await openTlsProxy(port, headers);
    mine = { ...env, PORT: String(port), BASE_URL: proxy.origin, NODE_EXTRA_CA_CERTS: CERTIFICATE, ...more };
    program = await runProgram(mine);
    return (await examine(mine)).found;
  }
  afterEach(async () => {
    await program.end("SIGTERM");
    await proxy.close();
  });

  it("finds that it is reached, how, and by which version", async () => {
    const found = await examineBehind(asItShould, { TRUST_PROXY: "1", HOST: "127.0.0.1" });
    expect(found.BASE_URL).toMatchObject({ state: "ok", says: `${proxy.origin} leads to this installation` });
    expect(found.Proxy).toMatchObject({
      state: "ok",
      says: expect.stringMatching(/^requests come over https, from (127\.0\.0\.1|::1)$/),
    });
    expect(found.Port).toMatchObject({ state: "ok", says: `this installation listens on ${mine.PORT}` });
    expect(found.Version).toMatchObject({
      state: "ok",
      says: expect.stringMatching(/^Latchkey \d+\.\d+\.\d+ on Node /),
    });
  });

  it("names a proxy that is not trusted", async () => {
    const found = await examineBehind(asItShould, { TRUST_PROXY: "false" });
    expect(found.Proxy).toMatchObject(problem(/is not believed, so nobody can sign in: set TRUST_PROXY=1/));
  });

  it("names a proxy that does not say https", async () => {
    const found = await examineBehind(({ address }) => ({ "x-forwarded-for": address }), {
      TRUST_PROXY: "1",
    });
    expect(found.Proxy).toMatchObject(problem("let it send X-Forwarded-Proto: https"));
  });

  it("names a proxy that lets whoever asks say where they come from", async () => {
    const found = await examineBehind(() => ({ "x-forwarded-proto": "https" }), { TRUST_PROXY: "1" });
    expect(found.Proxy).toMatchObject(problem("let the proxy replace X-Forwarded-For"));
  });

  it("names a wrong BASE_URL: where nothing listens, where something else answers, an unknown host, a redirect", async () => {
    await examineBehind(asItShould, { TRUST_PROXY: "1" });
    const at = async (BASE_URL: string) => (await examine({ ...mine, BASE_URL })).found.BASE_URL;
    expect(await at(`https://localhost:${await freePort()}`)).toMatchObject(
      problem("Nothing listens there: mend BASE_URL"),
    );
    expect(await at("https://no-such-host.invalid")).toMatchObject(
      problem("The name no-such-host.invalid is not known"),
    );
    expect(await at(`https://127.0.0.1:${proxy.port}`)).toMatchObject(
      problem("certificate that is good for 127.0.0.1"),
    );
    const other = createServer((req, res) => {
      if (req.headers.host?.startsWith("127"))
        res.writeHead(301, { Location: "https://desk.example.com/" }).end();
      else res.end(JSON.stringify({ proof: "made up", origin: "x" }));
    }).listen(0);
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    expect((await examine({ ...mine, BASE_URL: `http://127.0.0.1:${port}` })).found.BASE_URL).toBeDefined();
    const outcomes = async (host: string) =>
      JSON.stringify((await latchkey({ ...mine, BASE_URL: `http://${host}:${port}` }, ["doctor"])).out);
    expect(await outcomes("127.0.0.1")).toContain(
      "sends browsers on to https://desk.example.com: set BASE_URL to that",
    );
    expect(await outcomes("localhost")).toContain("something else answers (with status 200)");
    other.close();
    const given = await outcomesOf({ ...mine, BASE_URL: `http://127.0.0.1:${mine.PORT}` });
    expect(given).toContain(`the program that runs was given ${proxy.origin}`);
  });

  async function outcomesOf(given: Env): Promise<string> {
    return (await latchkey(given, ["doctor"])).out;
  }

  it("is content where proxy and program are on one computer, so that all seem to come from there", async () => {
    const mapped = () => ({ "x-forwarded-for": "::ffff:127.0.0.1", "x-forwarded-proto": "https" });
    const found = await examineBehind(mapped, { TRUST_PROXY: "1", HOST: "127.0.0.1" });
    expect(found.Proxy).toMatchObject({ state: "ok", says: "requests come over https, from 127.0.0.1" });
  });

  it("warns of a port that others than the proxy can reach and be believed at", async () => {
    const found = await examineBehind(asItShould, { TRUST_PROXY: "1" });
    expect(found.HOST).toMatchObject({
      state: "note",
      says: expect.stringContaining("set HOST to the address that the proxy uses"),
    });
  });

  it("names what it was given otherwise than the program that runs", async () => {
    const reach = { COOKIE_DOMAIN: "example.com", RETURN_ORIGINS: "https://wiki.example.com" };
    await examineBehind(asItShould, { TRUST_PROXY: "1", HOST: "127.0.0.1" });
    expect(await outcomesOf({ ...mine, RETURN_ORIGINS: "https://localhost:8443" })).toContain(
      "RETURN_ORIGINS: the program that runs was given none, and this command https://localhost:8443",
    );
    const alone = { ...mine, BASE_URL: "https://auth.example.com", COOKIE_DOMAIN: reach.COOKIE_DOMAIN };
    expect(await outcomesOf(alone)).toContain("COOKIE_DOMAIN is set and this is not, so nobody comes back");
  });

  it("finds a program that does not have the newest secret yet, in the middle of a rotation", async () => {
    await examineBehind(asItShould, { TRUST_PROXY: "1", HOST: "127.0.0.1" });
    const { code, found } = await examine({
      ...mine,
      APP_SECRET: `a newer secret for the doctor alone,${APP_SECRET}`,
    });
    expect(found.BASE_URL).toMatchObject({ state: "ok" });
    expect(found.Port).toMatchObject({ state: "ok" });
    expect(code).toBe(0);
  });

  it("is told nothing by the program unless it proves to have the secret", async () => {
    await examineBehind(asItShould, { TRUST_PROXY: "1" });
    for (const shown of [undefined, "", "nonce", "nonce forged", " "]) {
      const headers = shown === undefined ? {} : { "x-latchkey-doctor": shown };
      expect((await fetch(`${program.origin}/healthz/doctor`, { headers })).status).toBe(404);
    }
  });
});

describe("the doctor at an installation with a data folder", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "latchkey-doctor-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("says that there is none, or that it is none", async () => {
    const none = await examine({ DATA_DIR: path.join(folder, "none") });
    expect(none.code).toBe(1);
    expect(none.found["Data folder"]).toMatchObject(
      problem("is not there: set DATA_DIR to the folder that the program uses"),
    );
    expect(readdirSync(folder)).toEqual([]);
    writeFileSync(path.join(folder, "file"), "");
    const file = await examine({ DATA_DIR: path.join(folder, "file") });
    expect(file.found["Data folder"]).toMatchObject(problem("is not a folder"));
  });

  it("names a secret that others can read, before anything else is looked at", async () => {
    const file = path.join(folder, "app-secret");
    writeFileSync(file, "a secret of this folder alone, long enough", { mode: 0o600 });
    expect((await examine({ DATA_DIR: folder })).found.Secret?.says ?? "").not.toContain("chmod");
    chmodSync(file, 0o640);
    expect((await examine({ DATA_DIR: folder })).found.Secret).toMatchObject(
      problem(`${file} is open to others than its owner: chmod 600 ${file}`),
    );
  });

  it("names one that belongs to somebody else, and who", async () => {
    const shut = path.join(folder, "shut");
    mkdirSync(shut, { mode: isRoot ? 0o700 : 0o000 });
    chmodSync(folder, 0o755);
    const args = [CLI, "doctor", "--json"];
    const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
    const ended = spawnSync(process.execPath, args, {
      env: { DATA_DIR: shut },
      cwd: "/",
      encoding: "utf8",
      ...as,
    });
    const [, found] = JSON.parse(ended.stdout).findings;
    const whose = isRoot
      ? `belongs to user id 0 and cannot be used by nobody (user id ${NOBODY}): chown -R nobody ${shut}`
      : `chmod 700 ${shut}`;
    expect(found).toMatchObject({ about: "Data folder", ...problem(whose) });
    expect(ended.status).toBe(1);
    chmodSync(shut, 0o700);
  });

  const mounts = mountsWork();
  (mounts ? it : it.skip)(
    `names a disk that is nearly full, and one that is full${mounts ? "" : " (skipped: no small disk can be mounted here)"}`,
    async () => {
      spawnSync("mount", ["-t", "tmpfs", "-o", "size=180m", "tmpfs", folder]);
      try {
        const data = { DATA_DIR: path.join(folder, "data"), PORT: String(await freePort()) };
        expect((await latchkey(data, ["migrate"])).code).toBe(0);
        const nearly = await examine(data);
        expect(nearly.code).toBe(1);
        expect(nearly.found.Disk).toMatchObject(problem(/^only \d+ MB are free where .* is: make room/));
        expect(nearly.found.Database).toMatchObject({ state: "ok" });
        spawnSync("dd", ["if=/dev/zero", `of=${path.join(folder, "rest")}`, "bs=1M"]);
        const full = await examine(data);
        expect(full.code).toBe(1);
        expect(full.found.Disk).toMatchObject(problem(/^only 0 MB are free/));
        rmSync(path.join(folder, "rest"));
        expect((await examine(data)).found.Database).toMatchObject({ state: "ok" });
      } finally {
        spawnSync("umount", [folder]);
      }
    },
  );
});

function mountsWork(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), "latchkey-mount-"));
  const works = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).status === 0;
  if (works) spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true });
  return works;
}
