import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Pool } from "pg";
import { type Part, writeBackup } from "../../src/platform/backup-file";
import { listMigrations, migrate } from "../../src/platform/migrations";
import { makePasswords } from "../../src/platform/passwords";
import { makeSeal } from "../../src/platform/seal";
import { BACKED_UP, LEFT_OUT, listStoredTables } from "../../src/records/backup/tables";
import { CREATE_ADA, runHere, spawnLatchkey } from "../support/command-line";
import { openTestDatabase } from "../support/database";
import { asking, emptyDatabase, rowsIn } from "../support/restored";

jest.setTimeout(180_000);

const MIGRATIONS = path.join(__dirname, "..", "..", "migrations");
const APP_SECRET = "an operator's secret of more than thirty-two characters";
const OTHER_SECRET = "another secret of quite a lot more than thirty-two characters";
const BACKUP_PASSPHRASE = "a passphrase of some length";

let folder: string;
let dropping: (() => Promise<void>)[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "latchkey-restore-"));
  dropping = [];
});
afterEach(async () => {
  for (const drop of dropping) await drop();
  rmSync(folder, { recursive: true, force: true });
});

const inFolder = (name: string) => path.join(folder, name);

async function database(): Promise<string> {
  const { url, drop } = await emptyDatabase();
  dropping.push(drop);
  return url;
}

const envOf = (DATABASE_URL: string) => ({ DATABASE_URL, APP_SECRET });

async function done(env: Record<string, string>, ...args: string[]) {
  const { code, out, err } = await runHere(env, [...args, "--json"]);
  expect({ code, err, out: code === 0 ? "" : out }).toEqual({ code: 0, err: "", out: "" });
  return JSON.parse(out);
}

async function refused(env: Record<string, string>, ...args: string[]): Promise<string> {
  const { code, out, err } = await runHere(env, args);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).not.toContain("    at ");
  return err;
}

/** A database with an administrator, and a backup of it. */
async function backedUp(env: Record<string, string> = {}) {
  const url = await database();
  await done(envOf(url), "migrate");
  await done(envOf(url), ...CREATE_ADA);
  const file = inFolder("some.backup");
  return { url, file, made: await done({ ...envOf(url), ...env }, "backup", file) };
}

const isEmpty = (url: string) =>
  asking(url, async (client) => {
    const { rows } = await client.query("select to_regclass('people') is not null as migrated");
    if (!rows[0].migrated) return true;
    const found = await client.query(
      `select exists (select from people) or exists (select from trail) or exists (select from trail_chain)
              or exists (select from installation where set_up_at is not null or sealed_pepper is not null) as inhabited`,
    );
    return !found.rows[0].inhabited;
  });

describe("backup", () => {
  it("writes one new file that only its owner can read, and overwrites nothing", async () => {
    const { url, file, made } = await backedUp();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(file).size).toBe(made.bytes);
    const bytes = readFileSync(file);
    expect(await refused(envOf(url), "backup", file)).toBe(
      `${file} is there already, and nothing is overwritten. Choose another name.\n`,
    );
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(await refused(envOf(url), "backup", inFolder("none/some.backup"))).toContain("There is no folder");
    expect(readdirSync(folder)).toEqual(["some.backup"]);
  });

  it("with - writes to standard output, and answers on standard error", async () => {
    const { url, file, made } = await backedUp();
    const child = spawnLatchkey(envOf(url), ["backup", "-", "--json"]);
    const bytes: Buffer[] = [];
    let said = "";
    child.stdout.on("data", (chunk) => bytes.push(chunk));
    child.stderr.on("data", (chunk) => (said += chunk));
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
    expect(JSON.parse(said)).toMatchObject({ ok: true, file: "-", sha256: made.sha256 });
    writeFileSync(inFolder("piped.backup"), Buffer.concat(bytes));
    expect(await done({}, "restore", "--check", inFolder("piped.backup"))).toMatchObject({
      sha256: made.sha256,
    });
    expect(existsSync(file)).toBe(true);
  });

  it("holds APP_SECRET only when it is encrypted, and check hands it out to who has the passphrase", async () => {
    const open = await backedUp();
    const sealed = inFolder("sealed.backup");
    const env = { ...envOf(open.url), BACKUP_PASSPHRASE };
    expect(await done(env, "backup", sealed, "--encrypt")).toMatchObject({
      encrypted: true,
      holdsAppSecret: true,
    });
    expect(open.made).toMatchObject({ encrypted: false, holdsAppSecret: false });
    const wanted = ["--save-secret", inFolder("secret")];
    expect(await refused({}, "restore", "--check", open.file, ...wanted)).toContain("holds no APP_SECRET");
    await done({ BACKUP_PASSPHRASE }, "restore", "--check", sealed, ...wanted);
    expect(readFileSync(inFolder("secret"), "utf8")).toBe(`${APP_SECRET}\n`);
    expect(statSync(inFolder("secret")).mode & 0o777).toBe(0o600);
    const { out } = await runHere({ BACKUP_PASSPHRASE }, ["restore", "--check", sealed]);
    expect(out).toContain("It holds APP_SECRET.");
    expect(out).not.toContain(APP_SECRET);
  });

  it("takes the passphrase from a file too, and refuses one that is short, or none where it shall be encrypted", async () => {
    const { url } = await backedUp();
    const file = inFolder("sealed.backup");
    expect(await refused(envOf(url), "backup", file, "--encrypt")).toContain("no passphrase to encrypt with");
    expect(await refused({ ...envOf(url), BACKUP_PASSPHRASE: "short" }, "backup", file)).toContain(
      "shorter than 12",
    );
    writeFileSync(inFolder("phrase"), `${BACKUP_PASSPHRASE}\n`);
    await done({ ...envOf(url), BACKUP_PASSPHRASE_FILE: inFolder("phrase") }, "backup", file);
    await done({ BACKUP_PASSPHRASE }, "restore", "--check", file);
    expect(await refused({}, "restore", "--check", file)).toContain(
      "The backup is encrypted. Set BACKUP_PASSPHRASE",
    );
    expect(await refused({ BACKUP_PASSPHRASE: "another passphrase" }, "restore", "--check", file)).toContain(
      "not the one",
    );
  });

  it("is refused with an APP_SECRET that is not the database's, and without an installation", async () => {
    const { url } = await backedUp();
    const file = inFolder("other.backup");
    const other = { ...envOf(url), APP_SECRET: OTHER_SECRET };
    expect(await refused(other, "backup", file)).toContain(
      "APP_SECRET is not the one this database was made with",
    );
    expect(await refused(envOf(await database()), "backup", file)).toBe(
      "There is no installation in this database.\n",
    );
    expect(readdirSync(folder)).toEqual(["some.backup"]);
  });

  it("knows every table there is: what it holds, and what it leaves out", async () => {
    const { db, close } = await openTestDatabase();
    const { rows } = await db.query(
      "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
    );
    await close();
    expect(rows.map(({ name }) => name).sort()).toEqual([...BACKED_UP, ...LEFT_OUT, "migrations"].sort());
  });
});

describe("restore", () => {
  it("makes an empty database, migrated or not, row for row what was backed up, and numbers go on from there", async () => {
    const { url, file, made } = await backedUp();
    const raw = await database();
    const migrated = await database();
    await done(envOf(migrated), "migrate");
    for (const target of [raw, migrated]) {
      expect(await done(envOf(target), "restore", file)).toMatchObject({
        sha256: made.sha256,
        tables: made.tables,
      });
      expect(await rowsIn(target)).toEqual(await rowsIn(url));
      const grace = ["--email", "grace@example.com", "--first-name", "Grace", "--last-name", "Hopper"];
      await done(envOf(target), "admin", "create", ...grace);
      expect(await done(envOf(target), "audit", "verify")).toMatchObject({ intact: true, entries: 2 });
    }
  });

  it("refuses an installation that somebody has set up, and one that others are connected to", async () => {
    const { url, file } = await backedUp();
    const before = await rowsIn(url);
    expect(await refused(envOf(url), "restore", file)).toContain("The installation is not empty");
    expect(await rowsIn(url)).toEqual(before);
    const target = await database();
    await asking(target, async () => {
      expect(await refused(envOf(target), "restore", file)).toContain(
        "Others are connected to this database",
      );
    });
    expect(await isEmpty(target)).toBe(true);
    await done(envOf(target), "restore", file);
  });

  it("takes nothing back where what is loaded does not become what the backup holds", async () => {
    const { file } = await backedUp();
    const target = await database();
    await done(envOf(target), "migrate");
    await asking(target, (client) =>
      client.query(
        `create function meddle() returns trigger language plpgsql as $$ begin new.first_name = 'Eve'; return new; end $$;
         create trigger meddle before insert on people for each row execute function meddle()`,
      ),
    );
    const { code, err } = await runHere(envOf(target), ["restore", file]);
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringContaining("The table people did not become"),
    });
    expect(await isEmpty(target)).toBe(true);
  });

  it("finds the content equal in a database that sorts words differently", async () => {
    const { url } = await backedUp();
    await asking(url, (client) => client.query("insert into roles (name) values ('Ä'), ('a'), ('B'), ('z')"));
    const name = new URL(await database()).pathname.slice(1);
    const sorted = new URL(process.env.TEST_POSTGRES_URL ?? "");
    await asking(sorted.href, async (client) => {
      await client.query(`drop database ${name}`);
      await client.query(`create database ${name} template template0 locale_provider icu icu_locale 'en-US'`);
    });
    sorted.pathname = `/${name}`;
    const file = inFolder("words.backup");
    const { sha256 } = await done(envOf(url), "backup", file);
    expect(await done(envOf(sorted.href), "restore", file)).toMatchObject({ sha256 });
  });

  it("refuses a damaged, cut or newer backup before it touches anything", async () => {
    const { url, file } = await backedUp();
    const bytes = readFileSync(file);
    // Nothing answers here.
    const nowhere = envOf("postgres://nobody@127.0.0.1:1/none");
    const DATA_DIR = inFolder("data");
    for (let round = 0; round < 5; round++) {
      const damaged = Buffer.from(bytes);
      const at = randomInt(bytes.length);
      damaged[at] = (bytes[at] ?? 0) ^ 0x10;
      writeFileSync(file, damaged);
      expect(await refused(nowhere, "restore", file)).toMatch(/damaged/);
      writeFileSync(file, bytes.subarray(0, randomInt(bytes.length)));
      expect(await refused({ DATA_DIR }, "restore", file)).toMatch(/damaged/);
    }
    const db = new Pool({ connectionString: url });
    const tables = await listStoredTables(db);
    await db.end();
    const migrations = [...listMigrations(MIGRATIONS), "9999_of-tomorrow"];
    const about = {
      latchkey: "9.0.0",
      postgres: "21",
      at: new Date().toISOString(),
      migrations,
      sealedPepper: null,
    };
    const parts = async function* (): AsyncGenerator<Part> {
      yield { note: { about, tables } };
    };
    const blocks: Buffer[] = [];
    await writeBackup(parts(), undefined, async (block) => blocks.push(block));
    writeFileSync(file, Buffer.concat(blocks));
    const newer = await refused(nowhere, "restore", file);
    expect(newer).toContain("by a newer Latchkey, 9.0.0 (it has 9999_of-tomorrow)");
    expect(existsSync(DATA_DIR)).toBe(false);
  });

  it("refuses the wrong APP_SECRET, or none, before it touches anything, and says how to come by the right one", async () => {
    const open = await backedUp();
    const sealed = inFolder("sealed.backup");
    await done({ ...envOf(open.url), BACKUP_PASSPHRASE }, "backup", sealed);
    const DATA_DIR = inFolder("data");
    const nowhere = { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none", APP_SECRET: OTHER_SECRET };
    const cases: [Record<string, string>, string, string][] = [
      [nowhere, open.file, "Set it to the one its installation had. Nothing"],
      [{ ...nowhere, BACKUP_PASSPHRASE }, sealed, "restore --check --save-secret PATH writes it into a file"],
      [{ DATA_DIR }, open.file, `put the file app-secret of its data folder at ${DATA_DIR}/app-secret`],
      [
        { DATA_DIR, APP_SECRET: OTHER_SECRET, BACKUP_PASSPHRASE },
        sealed,
        "or leave it out: the backup brings its own",
      ],
    ];
    for (const [env, file, says] of cases) expect(await refused(env, "restore", file)).toContain(says);
    expect(existsSync(DATA_DIR)).toBe(false);
    mkdirSync(DATA_DIR);
    writeFileSync(inFolder("data/app-secret"), OTHER_SECRET);
    expect(await refused({ DATA_DIR }, "restore", open.file)).toContain(
      "Put that of the backup's installation in its place",
    );
    expect(await refused({ DATA_DIR, BACKUP_PASSPHRASE }, "restore", sealed)).toContain("Move it away");
    expect(readdirSync(DATA_DIR)).toEqual(["app-secret"]);
    expect(readFileSync(inFolder("data/app-secret"), "utf8")).toBe(OTHER_SECRET);
  });

  it("takes the file app-secret that was put into the data folder, once", async () => {
    const { file, made } = await backedUp();
    const DATA_DIR = inFolder("data");
    mkdirSync(DATA_DIR);
    writeFileSync(inFolder("data/app-secret"), `${APP_SECRET}\n`);
    expect(await done({ DATA_DIR }, "restore", file)).toMatchObject({
      sha256: made.sha256,
      secretKept: false,
    });
    expect(await done({ DATA_DIR }, "doctor")).toMatchObject({ ok: true });
    expect(await refused({ DATA_DIR }, "restore", file)).toContain("The installation is not empty");
  });

  it("refuses a pipe, which could be read only once", async () => {
    execFileSync("mkfifo", [inFolder("pipe")]);
    expect(await refused({}, "restore", "--check", inFolder("pipe"))).toContain("is not a file");
  });
});

describe("a backup of an older version", () => {
  it.each(listMigrations(MIGRATIONS).map((last, i) => [i + 1, last]))(
    "with %s migration(s), up to %s, is restored and then migrated",
    async (_count, last) => {
      const url = await database();
      await migrate(url, MIGRATIONS, () => {}, String(last));
      const pepper = Buffer.alloc(32, 7);
      const seal = makeSeal(APP_SECRET);
      const hash = await makePasswords(pepper, 4).hash("Sunshine-Harbour-42");
      await asking(url, async (client) => {
        await client.query("update installation set sealed_pepper = $1, set_up_at = now()", [
          seal.close(pepper, "pepper"),
        ]);
        await client.query(
          `with ada as (insert into people (email, first_name, last_name, password_hash)
                          values ('ada@example.com', E'A\\\\d\\ta', E'Love\\nlace', $1) returning id),
                factor as (insert into second_factors (person_id, sealed_secret) select id, '\\\\x00ff' from ada),
                key as (insert into api_keys (id, person_id, hash) select 'abcdefgh', id, sha256('x') from ada)
           insert into trail (action, actor_kind, subject_id, details) select 'a', 'person', id, '{"b": [1.50, "ü"]}' from ada`,
          [hash],
        );
        // Migrated on, they belong on the waiting list, as migration 0002 sees to for those before it.
        await client.query(
          "do $$ begin if to_regclass('trail_unlinked') is not null then insert into trail_unlinked select id from trail; end if; end $$",
        );
      });
      const made = await done(envOf(url), "backup", inFolder("old.backup"));
      const target = await database();
      expect(await done(envOf(target), "restore", inFolder("old.backup"))).toMatchObject({
        sha256: made.sha256,
      });
      await done(envOf(url), "migrate");
      expect(await rowsIn(target)).toEqual(await rowsIn(url));
      expect(await done(envOf(target), "audit", "verify")).toMatchObject({ intact: true, entries: 1 });
      const found = await asking(target, (client) =>
        client.query("select has_second_factor, first_name from people"),
      );
      expect(found.rows).toEqual([{ has_second_factor: true, first_name: "A\\d\ta" }]);
    },
  );

  it("is refused by a database that has gone further already", async () => {
    const url = await database();
    await migrate(url, MIGRATIONS, () => {}, "0003_quick-lists");
    await done(envOf(url), "backup", inFolder("old.backup"));
    const target = await database();
    await done(envOf(target), "migrate");
    expect(await refused(envOf(target), "restore", inFolder("old.backup"))).toContain("they only go forward");
  });
});
