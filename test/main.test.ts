import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import path from "node:path";
import { generateSync } from "otplib";
import { Client } from "pg";
import { openTestDatabase } from "./support/database";
import { newDatabaseFolder } from "./support/database-folder";
import { PASSWORD, setupKey } from "./support/people";
import { type Program, runProgram } from "./support/program";
import { Visitor } from "./support/visitor";

const APP_SECRET = "an operator's secret of more than thirty-two characters";
let folder: string;
const running: Program[] = [];

beforeEach(() => {
  folder = newDatabaseFolder("main");
});
afterEach(async () => {
  for (const program of running.splice(0))
    if (program.process.exitCode === null) await program.end("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});

async function start(env: Record<string, string> = {}): Promise<Program> {
  const program = await runProgram({ DATA_DIR: path.join(folder, "data"), ...env });
  running.push(program);
  return program;
}

/** Sets up over HTTP in real time: code now, signed in. */
async function setUp(program: Program): Promise<Visitor> {
  const [address = ""] = program.setUpAddresses();
  const visitor = await new Visitor(program.origin).open(new URL(address).pathname + new URL(address).search);
  visitor.fill("First Name", "Ada").fill("Last Name", "Lovelace").fill("Email", "ada@example.com");
  await visitor.fill("Password", PASSWORD).press("Create administrator");
  await visitor.fill("One-time code", generateSync({ secret: setupKey(visitor) })).press("Verify");
  return visitor.press("Done");
}

async function emptyDatabase(): Promise<string> {
  const url = new URL(process.env.TEST_POSTGRES_URL ?? "");
  const name = `empty_${randomBytes(4).toString("hex")}`;
  const client = new Client({ connectionString: url.href });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  url.pathname = `/${name}`;
  return url.href;
}

describe("on an empty data folder", () => {
  it("is ready within 20 seconds, prints one set-up address, and the same again until it is set up", async () => {
    const began = Date.now();
    const first = await start();
    expect(Date.now() - began).toBeLessThan(20_000);
    expect(first.setUpAddresses()).toHaveLength(1);
    expect(await first.end("SIGTERM")).toBe(0);

    const second = await start();
    expect(new URL(second.setUpAddresses()[0] ?? "").search).toBe(
      new URL(first.setUpAddresses()[0] ?? "").search,
    );
    const visitor = await setUp(second);
    expect(visitor.path).toBe("/profile");
    await second.end("SIGTERM");

    const third = await start();
    expect(third.setUpAddresses()).toEqual([]);
    visitor.origin = third.origin;
    expect((await visitor.open("/profile")).path).toBe("/profile");
  });

  it("refuses to start with a wrong or a lost APP_SECRET, saying so, and opens again with the right one", async () => {
    const first = await start({ APP_SECRET });
    await setUp(first);
    await first.end("SIGTERM");
    for (const env of [{ APP_SECRET: APP_SECRET.toUpperCase() }, {}]) {
      const wrong = await start(env as Record<string, string>);
      expect(wrong.process.exitCode).toBe(1);
      expect(wrong.printed()).toContain("APP_SECRET");
    }
    const right = await start({ APP_SECRET });
    expect(right.process.exitCode).toBeNull();
  });
});

/** The processes that a process has started and that are still there: environment and user of each. */
function startedBy(pid: number | undefined): { environment: string; uid: number }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const afterName = readFileSync(`/proc/${name}/stat`, "utf8").replace(/^.*\) /s, "");
        return Number(afterName.split(" ")[1]) === pid;
      } catch {
        return false; // It has ended meanwhile.
      }
    })
    .map((name) => ({
      environment: readFileSync(`/proc/${name}/environ`, "utf8"),
      uid: statSync(`/proc/${name}`).uid,
    }));
}

const onLinux = process.platform === "linux";
(onLinux ? describe : describe.skip)(
  `what is secret${onLinux ? "" : " (skipped: there is no /proc)"}`,
  () => {
    it("stays with the program: readable by its user alone, and told to no process that it starts", async () => {
      const program = await start({
        SMTP_URL: "smtp://user:never-to-be-told@127.0.0.1:1",
        BACKUP_PASSPHRASE: "never-to-be-told either",
      });
      const secret = path.join(folder, "data", "app-secret");
      expect(statSync(secret)).toMatchObject({ uid: process.getuid?.(), mode: 0o100600 });
      const started = startedBy(program.process.pid);
      // Postgres, and the guard that ends it when the program is killed.
      expect(started.length).toBeGreaterThanOrEqual(2);
      expect(started.some(({ environment }) => environment.includes("LC_ALL=C"))).toBe(true);
      for (const { environment, uid } of started) {
        expect(environment).not.toMatch(/never-to-be-told|SMTP_URL|PASSPHRASE|SECRET/);
        expect(environment).not.toContain(readFileSync(secret, "utf8").trim());
        // Run by root, it is another user's, who could not read the secret either.
        if (process.getuid?.() === 0) expect(uid).not.toBe(0);
      }
    });
  },
);

describe("with a database of one's own", () => {
  it("tells every problem of the configuration at once and ends", async () => {
    const program = await start({ DATABASE_URL: "mysql://x", PORT: "99999" });
    expect(program.process.exitCode).toBe(1);
    for (const name of ["DATABASE_URL", "PORT", "APP_SECRET"]) expect(program.printed()).toContain(name);
  });

  it("lets two replicas start at once on an empty database, of which one migrates", async () => {
    const DATABASE_URL = await emptyDatabase();
    const programs = await Promise.all([
      start({ DATABASE_URL, APP_SECRET }),
      start({ DATABASE_URL, APP_SECRET }),
    ]);
    for (const program of programs) expect(program.process.exitCode).toBeNull();
    const [left, right] = programs.map((program) => new URL(program.setUpAddresses()[0] ?? "").search);
    expect(left).toBe(right);
    const visitor = await setUp(programs[0] as Program);
    visitor.origin = programs[1]?.origin ?? "";
    expect((await visitor.open("/profile")).path).toBe("/profile");
  });

  it("refuses a database that a newer program has migrated", async () => {
    const database = await openTestDatabase();
    await database.db.query("insert into migrations (name, run_on) values ('9999_from-the-future', now())");
    const program = await start({ DATABASE_URL: database.url, APP_SECRET });
    expect(program.process.exitCode).toBe(1);
    expect(program.printed()).toContain("made by a newer Latchkey (it has 9999_from-the-future)");
    await database.close();
  });
});

describe("SIGTERM", () => {
  it.each([
    ["makes its database", "Making a new database"],
    ["has just started its database", "The embedded Postgres is up"],
  ])(
    "ends a program that %s with 0, having printed no failure, and it starts again",
    async (_stage, awaited) => {
      const env = { DATA_DIR: path.join(folder, "data"), LOG_LEVEL: "debug" };
      const program = await runProgram(env, undefined, awaited);
      expect(await program.end("SIGTERM")).toBe(0);
      const lines = program.printed().trim().split("\n");
      expect(lines.filter((line) => JSON.parse(line).level >= 40)).toEqual([]);
      expect(lines.at(-1)).toContain("Latchkey has stopped");
      const again = await start();
      expect(again.setUpAddresses()).toHaveLength(1);
    },
  );

  it("lets the requests under way finish, and ends with 0", async () => {
    const database = await openTestDatabase();
    const program = await start({ DATABASE_URL: database.url, APP_SECRET });
    const visitor = await setUp(program);
    const { fields } = visitor.fill("First Name", "Drained").fieldsOf("Save Changes");
    const blocker = await database.db.connect();
    await blocker.query("begin");
    await blocker.query("select from people for update");
    const answer = postSlowly(program, visitor, new URLSearchParams(fields).toString());
    await lockedOut(database.db);
    const ended = program.end("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 300));
    // On a connection of its own: those that are open already may still be used for a moment.
    expect(await connects(program)).toBe(false);
    await blocker.query("commit");
    blocker.release();
    expect(await answer).toBe(303);
    expect(await ended).toBe(0);
    expect((await database.db.query("select first_name from people")).rows).toEqual([
      { first_name: "Drained" },
    ]);
    await database.close();
  });
});

function postSlowly(program: Program, visitor: Visitor, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { cookie: visitor.cookieHeader(), "content-type": "application/x-www-form-urlencoded" };
    request(`${program.origin}/profile`, { method: "POST", headers, agent: false }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    })
      .on("error", reject)
      .end(body);
  });
}

function connects({ origin }: Program): Promise<boolean> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(origin);
    const socket = connect(Number(port), hostname, () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

async function lockedOut(db: { query(text: string): Promise<{ rowCount: number | null }> }): Promise<void> {
  for (;;) {
    const waiting =
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    if ((await db.query(waiting)).rowCount) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
