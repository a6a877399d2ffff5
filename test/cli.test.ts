import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { generateSync } from "otplib";
import { Client } from "pg";
import { pino } from "pino";
import { startEmbeddedPostgres } from "../src/platform/embedded-postgres";
import { CREATE_ADA, latchkey, runHere } from "./support/command-line";
import { openTestDatabase } from "./support/database";
import { newDatabaseFolder } from "./support/database-folder";
import { PASSWORD, setupKey } from "./support/people";
import { freePort, type Program, runProgram } from "./support/program";
import { until } from "./support/until";
import { Visitor } from "./support/visitor";

// Some twenty processes, one after another.
jest.setTimeout(180_000);

const ROOT = path.join(__dirname, "..");
const MIGRATIONS = readdirSync(path.join(ROOT, "migrations"))
  .map((file) => path.basename(file, ".sql"))
  .sort();
const APP_SECRET = "an operator's secret of more than thirty-two characters";
const GRACE = ["--email", "grace@example.com", "--first-name", "Grace", "--last-name", "Hopper"];

describe("on the data folder", () => {
  it("creates administrators and resets two-factor with the program running and stopped, all of it in the trail", async () => {
    const folder = newDatabaseFolder("cli");
    const port = String(await freePort());
    const env = { DATA_DIR: path.join(folder, "data"), PORT: port, BASE_URL: `http://127.0.0.1:${port}` };
    let program: Program | undefined;
    try {
      const nothing = await latchkey(env, ["audit", "verify"]);
      expect(nothing).toMatchObject({ code: 1, err: expect.stringContaining("There is no installation in") });

      const created = await latchkey(env, CREATE_ADA);
      expect(created).toMatchObject({ code: 0, err: "" });
      const password = /only this once: (\S{20})/.exec(created.out)?.[1] ?? "";
      const again = await latchkey(env, CREATE_ADA);
      expect(again).toMatchObject({ code: 1, out: "", err: "ada@example.com has an account already.\n" });

      program = await runProgram(env);
      expect(program.setUpAddresses()).toEqual([]);
      const ada = new Visitor(program.origin);
      await enrol(ada, "ada@example.com", password);
      expect(ada.path).toBe("/profile");

      const grace = ["admin", "create", ...GRACE, "--password-stdin"];
      expect(await latchkey(env, grace, `${PASSWORD}\n`)).toMatchObject({ code: 0 });
      const graceHere = new Visitor(program.origin);
      await enrol(graceHere, "grace@example.com", PASSWORD);
      const reset = ["admin", "reset-2fa", "GRACE@example.com", "--reason", "lost phone"];
      expect(await latchkey(env, reset)).toMatchObject({ code: 0, err: "" });
      await until("the letter says who reset it", () =>
        program?.printed().includes("The operator of the server reset two-factor authentication"),
      );
      expect((await graceHere.open("/profile")).path).toContain("/sign-in");
      expect(await latchkey(env, reset)).toMatchObject({
        code: 1,
        err: expect.stringContaining("no authenticator"),
      });
      const doctor = await latchkey(env, ["doctor", "--json"]);
      expect(doctor.code).toBe(0);
      expect(
        JSON.parse(doctor.out).findings.map((finding: { state: string }) => finding.state),
      ).not.toContain("problem");
      expect(JSON.parse((await latchkey(env, ["audit", "verify", "--json"])).out)).toMatchObject({
        ok: true,
        intact: true,
      });
      await ada.open("/admin/activity");
      expect(ada.text).toContain(
        "An operator at the command line reset Grace Hopper's two-factor authentication",
      );
      expect(ada.text).toContain("Reason: lost phone");
      await program.end("SIGTERM");

      const stopped = ["admin", "reset-2fa", "--email", "ada@example.com", "--reason", "lost it too"];
      expect(await latchkey(env, stopped)).toMatchObject({ code: 0, err: "" });
      const verified = await latchkey(env, ["audit", "verify"]);
      expect(verified).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^The trail is intact: \d+ entries/),
      });

      program = await runProgram(env);
      const back = await giveNewPassword(new Visitor(program.origin), "ada@example.com", password);
      expect(back.path).toBe("/two-factor/enrol");
    } finally {
      if (program?.process.exitCode === null) await program.end("SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("an installation of an earlier version, stopped", () => {
  let folder: string;
  let env: Record<string, string>;
  beforeEach(async () => {
    folder = newDatabaseFolder("cli");
    env = { DATA_DIR: folder };
    const made = await latchkey(env, ["migrate", "--json"]);
    expect(JSON.parse(made.out).done).toEqual(MIGRATIONS);
    const postgres = await startEmbeddedPostgres({ folder, log: pino({ level: "silent" }) });
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    const latest = readFileSync(path.join(ROOT, "migrations", `${MIGRATIONS.at(-1)}.sql`), "utf8");
    await client.query(latest.split("-- Down Migration")[1] ?? "");
    await client.query("delete from migrations where name = $1", [MIGRATIONS.at(-1)]);
    await client.end();
    await postgres.stop();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is migrated by migrate alone, which says so; every other command asks for that", async () => {
    const doctor = await latchkey(env, ["doctor"]);
    expect(doctor).toMatchObject({
      code: 1,
      out: expect.stringContaining(`${MIGRATIONS.at(-1)} missing: run the command migrate`),
    });
    for (const command of [
      ["audit", "verify"],
      CREATE_ADA,
      ["admin", "reset-2fa", "ada@example.com", "--reason", "lost phone"],
    ]) {
      const { code, err } = await latchkey(env, command);
      expect({ code, err }).toEqual({
        code: 1,
        err: "The database is not up to date. Run the command migrate, or start the program, first.\n",
      });
    }
    const { code, out } = await latchkey(env, ["migrate"]);
    expect({ code, out }).toEqual({ code: 0, out: `Done: ${MIGRATIONS.at(-1)}.\n` });
    expect(await latchkey(env, ["migrate"])).toMatchObject({ out: "The database is up to date.\n" });
    expect(await latchkey(env, ["audit", "verify"])).toMatchObject({ code: 0 });
  });
});

describe("with DATABASE_URL", () => {
  let database: Awaited<ReturnType<typeof openTestDatabase>>;
  let env: Record<string, string>;
  beforeEach(async () => {
    database = await openTestDatabase();
    env = { DATABASE_URL: database.url, APP_SECRET };
  });
  afterEach(() => database.close());

  it("verifies the trail, and ends with 1 naming the entry that was changed", async () => {
    await latchkey(env, CREATE_ADA);
    expect(await latchkey(env, ["audit", "verify"])).toMatchObject({
      code: 0,
      out: expect.stringContaining("1 entry"),
    });
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query("set session_replication_role = replica");
    await client.query("update trail set action = 'person.changed'");
    await client.end();
    const broken = await latchkey(env, ["audit", "verify"]);
    expect(broken).toMatchObject({ code: 1, out: expect.stringContaining("Entry 1 was changed") });
  });

  it("verifies that the hash of an earlier verification is in the trail still, and ends with 1 when it is not", async () => {
    await latchkey(env, CREATE_ADA);
    const { out } = await latchkey(env, ["audit", "verify"]);
    const hash = /last hash (\S+)\n/.exec(out)?.[1] ?? "";
    await latchkey(env, ["admin", "create", ...GRACE]);
    for (const was of [hash, hash.toUpperCase()]) {
      const kept = await latchkey(env, ["audit", "verify", "--was", was]);
      expect(kept).toMatchObject({
        code: 0,
        out: expect.stringMatching(/is intact: 2 .*\n.* entry 1, at position 1\n$/),
      });
    }
    const json = await latchkey(env, ["audit", "verify", "--was", hash, "--json"]);
    expect(JSON.parse(json.out)).toMatchObject({ ok: true, waiting: 0, was: { position: 1, entryId: "1" } });
    const lost = await latchkey(env, ["audit", "verify", "--was", "ab".repeat(32)]);
    expect(lost).toMatchObject({ code: 1, out: expect.stringContaining("No entry has the hash abab") });
  });

  it("has a doctor who finds what is wrong, says what to do, and prints no secret", async () => {
    await latchkey(env, CREATE_ADA);
    const wrong = "another secret that is long enough but is not the one";
    const cases: [Record<string, string>, string][] = [
      [{ ...env, APP_SECRET: wrong }, "APP_SECRET is not the one this database was made with"],
      [{ ...env, BASE_URL: "http://desk.example.com" }, "put a proxy with HTTPS in front"],
      [{ ...env, DATABASE_URL: "postgres://user:hunter2@127.0.0.1:1/none" }, "ECONNREFUSED"],
      [{ ...env, PORT: "99999" }, "PORT is above 65535"],
    ];
    for (const [given, problem] of cases) {
      const { code, out, err } = await latchkey(given, ["doctor"]);
      expect({ code, out, err }).toMatchObject({ code: 1, out: expect.stringContaining(problem), err: "" });
      const { password } = new URL(given.DATABASE_URL ?? "");
      for (const secret of [APP_SECRET, wrong, password]) expect(out).not.toContain(secret);
    }
    await database.db.query("delete from migrations where name like '0002%'");
    const { code, out } = await latchkey(env, ["doctor"]);
    expect({ code, out }).toMatchObject({ code: 1, out: expect.stringContaining("run the command migrate") });
  });

  it.each(["serve", "migrate", "audit verify", "backup unreached.backup"])(
    "%s says of a database that cannot be reached what to mend, without its password",
    async (command) => {
      const DATABASE_URL = "postgres://user:hunter2@127.0.0.1:1/none";
      const { code, err } = await latchkey({ DATABASE_URL, APP_SECRET }, command.split(" "));
      expect(code).toBe(1);
      expect(err).toMatch(
        /The database of DATABASE_URL cannot be used \(connect ECONNREFUSED 127\.0\.0\.1:1\): .*start the database, or mend .*\.\n$/,
      );
      expect(err).not.toContain("hunter2");
    },
  );

  it("says of a database without TLS where that is asked for what to mend", async () => {
    const asked = { ...env, DATABASE_URL: `${database.url}?sslmode=verify-full` };
    const { code, err } = await latchkey(asked, ["audit", "verify"]);
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(
        /^The database of DATABASE_URL cannot be used \(.*SSL.*\): .*mend sslmode.*\.\n$/,
      ),
    });
  });

  it("does not start where HOST is a name that nobody knows, and does not blame the database", async () => {
    const { code, err } = await latchkey({ ...env, HOST: "nowhere.invalid", PORT: "0" }, ["serve"]);
    expect(code).toBe(1);
    expect(err).toContain("Latchkey cannot start. HOST is nowhere.invalid, a name that ");
    expect(err).not.toContain("DATABASE_URL");
  });

  it("refuses weak passwords and wrong input in a sentence, changing nothing", async () => {
    const weak = await latchkey(env, [...CREATE_ADA, "--password-stdin"], "short\n");
    expect(weak).toMatchObject({ code: 1, err: "Use at least 12 characters: this has 5\n" });
    const empty = await latchkey(env, [...CREATE_ADA, "--password-stdin"], "");
    expect(empty.code).toBe(1);
    const nobody = await latchkey(env, ["admin", "reset-2fa", "x@example.com", "--reason", "y"]);
    expect(nobody).toMatchObject({ code: 1, err: "Nobody has the email x@example.com.\n" });
    const json = await latchkey(env, ["admin", "reset-2fa", "x@example.com", "--reason", "y", "--json"]);
    expect(JSON.parse(json.out)).toEqual({ ok: false, error: "Nobody has the email x@example.com." });
    expect((await database.db.query("select from people union all select from trail")).rowCount).toBe(0);
  });
});

describe("a password on standard input", () => {
  it.each([
    ["yes", [], "Use at least 12 characters: this has 1"],
    ["cat", ["/dev/zero"], "Use at most 256 characters"],
  ])(
    "that never ends, as from %s, is read to the end of its first line, or as far as none goes",
    async (name, args, says) => {
      const endless = spawn(name, args, { stdio: ["ignore", "pipe", "ignore"] });
      const command = [...CREATE_ADA, "--password-stdin"];
      const { code, err } = await latchkey({ DATA_DIR: "/nowhere" }, command, endless.stdout);
      endless.kill();
      expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(says) });
    },
  );
});

describe("a backup", () => {
  const backupTo = (file: string) => {
    const args = [path.join(ROOT, "dist", "cli.js"), "backup", file];
    // To root every folder is open.
    const as = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    return spawnSync(process.execPath, args, { cwd: "/", env: {}, encoding: "utf8", ...as });
  };

  it("is refused in a sentence where its folder is not there, or may not be written into", () => {
    const shut = mkdtempSync(path.join(tmpdir(), "latchkey-shut-"));
    chmodSync(shut, 0o555);
    const cases = [
      ["/nowhere/at/all", "There is no folder /nowhere/at/all. Make it, or name a file in another."],
      [shut, `This user may not write into the folder ${shut} (EACCES). Let it, or name a file in another.`],
    ];
    for (const [folder = "", says] of cases)
      expect(backupTo(path.join(folder, "one.backup"))).toMatchObject({
        status: 1,
        stdout: "",
        stderr: `${says}\n`,
      });
    rmSync(shut, { recursive: true });
  });
});

describe("a backup's name", () => {
  it.each(["", "/tmp/"])("may not be %j", async (file) => {
    expect(await latchkey({}, ["backup", file])).toMatchObject({
      code: 1,
      err: "Name a file to write, not a folder.\n",
    });
  });
});

describe("usage", () => {
  it.each([
    [[]],
    [["dance"]],
    [["admin"]],
    [["admin", "create", "--email", "nobody"]],
    [[...CREATE_ADA, "--password", "x"]],
    [["admin", "reset-2fa", "--reason", "x"]],
    [["admin", "reset-2fa", "x@example.com"]],
    [["admin", "reset-2fa", "x@example.com", "--reason", "  "]],
    [["admin", "reset-2fa", "x@example.com", "--reason", "\u200b"]],
    [["admin", "reset-2fa", "x@example.com", "--reason", "lost\u001b[2J phone"]],
    [["admin", "reset-2fa", "x@example.com", "--reason", "lost\nphone"]],
    [["admin", "reset-2fa", "x@example.com", "--reason", "lost \u202ephone"]],
    [["audit", "verify", "everything"]],
    [["audit", "verify", "--was", "yesterday"]],
    [["serve", "quickly"]],
    [["keys"]],
    [["keys", "rotate-encryption", "now"]],
    [["backup"]],
    [["backup", "one.backup", "--passphrase", "x"]],
    [["restore"]],
    [["restore", "one.backup", "two.backup"]],
    [["restore", "one.backup", "--save-secret", "x"]],
  ])("%j is wrong, which is said on standard error with exit code 2", async (args) => {
    const { code, out, err } = await runHere({ DATA_DIR: "/nowhere" }, args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("latchkey ");
    expect(err).not.toContain("    at ");
  });

  it("is said as JSON where that was asked for", async () => {
    for (const args of [
      ["doctor", "--json", "--verbose"],
      ["backup", "--json"],
      ["admin", "create", "--json"],
    ]) {
      const { code, out, err } = await runHere({}, args);
      expect({ code, err }).toEqual({ code: 2, err: "" });
      expect(JSON.parse(out)).toEqual({ ok: false, error: expect.stringContaining("Usage: latchkey") });
    }
  });

  it.each(["--help", "-h", "help", "admin --help", "admin -h", "admin help"])(
    "%s tells of the commands that there are, or that begin like this",
    async (args) => {
      const { code, out, err } = await runHere({}, args.split(" "));
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toContain("latchkey admin create");
      expect(out.includes("latchkey migrate")).toBe(!args.startsWith("admin"));
    },
  );

  it("says of each command in the list what it is for", async () => {
    const { out } = await runHere({}, ["--help"]);
    const [, listed = ""] = /^Commands:\n(.*)\n\nEach tells more/s.exec(out) ?? [];
    const lines = listed.split("\n");
    expect(lines.length).toBeGreaterThan(16);
    lines.forEach((line, i) => {
      expect(line).toMatch(i % 2 === 0 ? /^ {2}latchkey [a-z]/ : /^ {6}[a-z]+,? [a-z].{12}/);
    });
  });

  it.each(["admin", "keys", "audit"])("lists what begins with %s where nothing follows it", async (group) => {
    const [alone, asked] = await Promise.all([runHere({}, [group]), runHere({}, [group, "--help"])]);
    expect(alone).toEqual({ code: 2, out: "", err: asked.out });
    expect((await runHere({}, [group, "dance"])).err).toBe(
      `There is no command "${group} dance".\n${asked.out}`,
    );
  });

  it.each([
    ["create", "--email, --first-name and --last-name are missing."],
    ["create --email ada@example.com", "--first-name and --last-name are missing."],
    ["create --email ada@example.com --first-name Ada --last-name=", "Enter their last name"],
    ["reset-2fa ada@example.com", "--reason is missing."],
    ["reset-2fa --email ada@example.com", "--reason is missing."],
    ["reset-2fa --reason lost", "--email is missing."],
    ["reset-2fa", "--email and --reason are missing."],
    [
      "reset-2fa ada@example.com --email grace@example.com --reason lost",
      "Write the email once: either after reset-2fa or with --email.",
    ],
    ["reset-2fa ada@example.com grace@example.com --reason lost", "There are too few or too many words."],
  ])("says of admin %s what is missing or too much, and how it is used", async (args, says) => {
    const { code, err } = await runHere({}, ["admin", ...args.split(" ")]);
    const [first, usage] = err.split("\n");
    expect([code, first]).toEqual([2, says]);
    expect(usage).toContain(`Usage: latchkey admin ${args.split(" ")[0]} `);
  });

  it.each(["--bogus", "-x", "--toString"])(
    "names the option %s, which there is not, and says how to see which there are",
    async (option) => {
      expect((await runHere({}, ["doctor", `${option}${option === "-x" ? "" : "=value"}`])).err).toBe(
        `There is no option ${option}: --help tells which there are.\nUsage: latchkey doctor\n`,
      );
    },
  );

  it("offers --json where it is taken: with every command but serve", async () => {
    for (const command of ["serve", "settings"]) {
      const offered = (await runHere({}, [command, "--help"])).out.includes("--json");
      expect([command, offered]).toEqual([command, command !== "serve"]);
      expect((await runHere({}, [command, "--json"])).code).toBe(offered ? 0 : 2);
    }
  });

  it.each(["--version", "-v"])("%s tells the version", async (args) => {
    const { version } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
    expect(await runHere({}, [args])).toEqual({ code: 0, out: `latchkey ${version}\n`, err: "" });
  });

  it.each([
    ["serve"],
    ["migrate"],
    ["doctor"],
    ["admin create"],
    ["admin reset-2fa"],
    ["keys rotate-encryption"],
    ["audit verify"],
    ["backup"],
    ["restore"],
  ])("%s explains itself with --help, and with -h", async (command) => {
    for (const help of ["--help", "-h"]) {
      const { code, out } = await runHere({}, [...command.split(" "), help]);
      expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining(`latchkey ${command}`) });
    }
  });
});

function giveNewPassword(visitor: Visitor, email: string, password: string): Promise<Visitor> {
  return visitor
    .open("/sign-in")
    .then(() => visitor.fill("Email", email).fill("Password", password).press("Sign in"));
}

async function enrol(visitor: Visitor, email: string, password: string): Promise<void> {
  await giveNewPassword(visitor, email, password);
  const code = generateSync({ secret: setupKey(visitor) });
  await visitor.fill("One-time code", code).press("Verify");
  await visitor.press("Done");
}
