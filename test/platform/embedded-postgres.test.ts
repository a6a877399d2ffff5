import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, it, jest } from "@jest/globals";
import { Client } from "pg";
import {
  DataFolderRefused,
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from "../../src/platform/embedded-postgres";
import { newDatabaseFolder } from "../support/database-folder";
import { until } from "../support/until";

jest.setTimeout(30_000);

// What stands in for the app: a process of its own, so that it can be killed. It adds rows for as long as it lives
// and says each number once its commit has been answered.
const APP = `
const { startEmbeddedPostgres } = require(process.argv[1]);
const { Client } = require("pg");
const say = (o) => console.log(JSON.stringify(o));
const log = { info() {}, warn() {}, error() {} };
startEmbeddedPostgres({ folder: process.argv[2], log, durable: process.argv[3] === "durable" }).then(async (postgres) => {
  say({ url: postgres.url });
  let stop = false;
  process.stdin.once("data", () => { stop = true; process.stdin.destroy(); });
  const client = new Client({ connectionString: postgres.url });
  client.on("error", () => {});
  await client.connect();
  await client.query("create table if not exists kept (n int)");
  for (let n = 1; !stop; n++) { await client.query("insert into kept values ($1)", [n]); say({ n }); }
  await client.end();
  await postgres.stop();
}).catch((error) => say({ refused: error.name, message: error.message }));
`;
const BUILT = path.resolve(__dirname, "../../dist/platform/embedded-postgres");
const REPOSITORY = path.resolve(__dirname, "../..");

type App = {
  process: ChildProcess;
  said: { url?: string; refused?: string; message?: string; n?: number }[];
};

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const folders: string[] = [];
const apps: App[] = [];
const servers: EmbeddedPostgres[] = [];

function newFolder(): string {
  const parent = newDatabaseFolder("test");
  folders.push(path.join(parent, "data"));
  return path.join(parent, "data");
}

async function start(folder: string, durable: "durable" | "fast" = "fast"): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ folder, log: quiet, durable: durable === "durable" });
  servers.push(server);
  return server;
}

function runApp(folder: string, durable: "durable" | "fast" = "fast"): App {
  const child = spawn(process.execPath, ["-e", APP, BUILT, folder, durable], {
    cwd: REPOSITORY,
    stdio: ["pipe", "pipe", "inherit"],
    detached: process.platform !== "win32", // a process group, so that its initdb can be killed with it
  });
  const app: App = { process: child, said: [] };
  let rest = "";
  child.stdout.on("data", (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    app.said.push(...lines.map((line) => JSON.parse(line)));
  });
  apps.push(app);
  return app;
}

const isOver = (app: App) => app.process.exitCode !== null || app.process.signalCode !== null;
const answered = (app: App) => until("the app answers", () => app.said[0] ?? isOver(app));
const lastNumber = (app: App) => app.said.at(-1)?.n ?? 0;

async function kill(app: App): Promise<void> {
  if (isOver(app)) return;
  const exit = once(app.process, "exit");
  if (process.platform === "win32" || app.process.pid === undefined) app.process.kill("SIGKILL");
  else process.kill(-app.process.pid, "SIGKILL");
  await exit;
}

async function ask<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const countKept = async (url: string) =>
  Number((await ask<{ n: string }>(url, "select count(distinct n) as n from kept"))[0]?.n);

async function postmaster(folder: string): Promise<number> {
  const text = await readFile(path.join(folder, "postgres/postmaster.pid"), "utf8").catch(() => "");
  return Number.parseInt(text, 10) || 0;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // Nobody may be there to collect an orphan's remains.
  const state = existsSync("/proc/self/stat") ? readFileSync(`/proc/${pid}/stat`, "utf8") : "";
  return !/\) [ZX] /.test(state);
}

function guardOf(pid: number): number | undefined {
  const numbers = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const isGuard = (name: string) => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").endsWith(`\0latchkey-guard\0${pid}\0`);
    } catch {
      return false;
    }
  };
  return numbers.map(Number).find((n) => isGuard(String(n)));
}

async function refusal(folder: string): Promise<{ error: unknown; ms: number }> {
  const began = Date.now();
  const error = await start(folder).catch((thrown: unknown) => thrown);
  return { error, ms: Date.now() - began };
}

const itOnLinux = process.platform === "linux" ? it : it.skip;
const itOnPosix = process.platform === "win32" ? it.skip : it;
const itAsRoot = process.getuid?.() === 0 ? it : it.skip;

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  await Promise.all(apps.splice(0).map(kill));
});

afterAll(async () => {
  for (const folder of folders) {
    const pid = await postmaster(folder);
    if (pid > 0)
      await until("the last Postgres is gone", () => !isAlive(pid)).catch(() => process.kill(pid, "SIGKILL"));
    await rm(path.dirname(folder), { recursive: true, force: true, maxRetries: 5 });
  }
});

describe("the embedded Postgres", () => {
  it("makes a database at the first start and finds its rows again at the next", async () => {
    const folder = newFolder();
    const first = await start(folder);
    expect(first.url).toMatch(/^postgres:\/\/latchkey:[\w-]{43}@127\.0\.0\.1:\d+\/latchkey$/);
    await ask(first.url, "create table note (text text); insert into note values ('kept')");
    await first.stop();
    await first.stop();
    expect(await postmaster(folder)).toBe(0);
    expect((await readdir(folder)).sort()).toEqual(["postgres", "postgres-password", "postgres.log"]);

    const began = Date.now();
    const second = await start(folder);
    expect(Date.now() - began).toBeLessThan(2000);
    expect(await ask(second.url, "select text from note")).toEqual([{ text: "kept" }]);
  });

  itOnPosix("keeps the folder and the password to the user who runs it", async () => {
    const folder = newFolder();
    await start(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(path.join(folder, "postgres-password"))).mode & 0o777).toBe(0o600);
    expect((await stat(path.join(folder, "postgres"))).mode & 0o777).toBe(0o700);
  });

  it("listens on 127.0.0.1 alone, asks for the password and is durable unless told otherwise", async () => {
    const folder = newFolder();
    const server = await startEmbeddedPostgres({
      folder,
      log: quiet,
      extraSettings: { max_connections: "17" },
    });
    servers.push(server);
    const [settings] = await ask(
      server.url,
      `select current_setting('listen_addresses') as listen, current_setting('unix_socket_directories') as sockets,
         current_setting('fsync') || current_setting('full_page_writes') || current_setting('synchronous_commit') as safe,
         current_setting('max_connections') as most`,
    );
    expect(settings).toEqual({ listen: "127.0.0.1", sockets: "", safe: "ononon", most: "17" });
    const guess = new URL(server.url);
    guess.password = "guess";
    await expect(ask(guess.href, "select 1")).rejects.toThrow(/password authentication failed/);
  });

  it("refuses a second app on the folder within two seconds while the first goes on working", async () => {
    const folder = newFolder();
    const app = runApp(folder);
    await until("the app has rows", () => lastNumber(app) > 3);
    const pid = await postmaster(folder);

    const { error, ms } = await refusal(folder);
    expect(error).toBeInstanceOf(DataFolderRefused);
    expect(error).toHaveProperty(
      "message",
      expect.stringMatching(/^Another Latchkey is already running on .*\.$/),
    );
    expect(ms).toBeLessThan(2000);

    const before = lastNumber(app);
    await until("the app has more rows", () => lastNumber(app) > before + 3);
    expect(await postmaster(folder)).toBe(pid);
  });

  it("lets the process end by itself after stop, with no Postgres left", async () => {
    const folder = newFolder();
    const app = runApp(folder);
    await until("the app has rows", () => lastNumber(app) > 3);
    const pid = await postmaster(folder);
    app.process.stdin?.write("stop\n");
    await until("the app ends", () => isOver(app), 5000);
    expect(app.process.exitCode).toBe(0);
    expect(isAlive(pid)).toBe(false);
  });

  itOnLinux("leaves no guard behind after stop", async () => {
    const folder = newFolder();
    const server = await start(folder);
    const guard = guardOf(await postmaster(folder)) ?? 0;
    expect(guard).toBeGreaterThan(0);
    await server.stop();
    await until("the guard ends", () => !isAlive(guard), 1000);
  });

  it("refuses a data folder that is a file", async () => {
    const folder = newFolder();
    await writeFile(folder, "");
    await expect(start(folder)).rejects.toThrow(DataFolderRefused);
  });

  it("refuses a folder whose postgres folder holds something else", async () => {
    const folder = newFolder();
    await mkdir(path.join(folder, "postgres"), { recursive: true });
    await writeFile(path.join(folder, "postgres/thesis.txt"), "mine");
    await expect(start(folder)).rejects.toThrow(/holds no Postgres database/);
    expect(await readdir(path.join(folder, "postgres"))).toEqual(["thesis.txt"]);
  });

  it("sets a new password when the password file has been lost", async () => {
    const folder = newFolder();
    const first = await start(folder);
    await ask(first.url, "create table note (text text)");
    await first.stop();
    await rm(path.join(folder, "postgres-password"));
    const second = await start(folder);
    expect(new URL(second.url).password).not.toBe(new URL(first.url).password);
    expect(await ask(second.url, "select text from note")).toEqual([]);
  });

  it("says which file is wrong when the password does not open the database", async () => {
    const folder = newFolder();
    await (await start(folder)).stop();
    await writeFile(path.join(folder, "postgres-password"), "another\n");
    const { error } = await refusal(folder);
    expect(error).toBeInstanceOf(DataFolderRefused);
    expect(error).toHaveProperty("message", expect.stringContaining("postgres-password"));
    expect(await postmaster(folder)).toBe(0);
  });
});

describe("the embedded Postgres, when something is killed", () => {
  itOnPosix("ends soon after its app was killed, and the next start has every committed row", async () => {
    const folder = newFolder();
    const app = runApp(folder, "durable");
    await until("the app has rows", () => lastNumber(app) > 50);
    const pid = await postmaster(folder);
    await kill(app);
    await until("Postgres is gone", () => !isAlive(pid), 5000);
    const server = await start(folder);
    expect(await countKept(server.url)).toBeGreaterThanOrEqual(lastNumber(app));
  });

  itOnPosix("can be started again at once after its app was killed", async () => {
    const folder = newFolder();
    for (let round = 0; round < 3; round += 1) {
      const app = runApp(folder);
      await until("the app has rows", () => lastNumber(app) > 10);
      await kill(app);
    }
    const app = runApp(folder);
    await answered(app);
    expect(app.said[0]).toHaveProperty("url");
  });

  itOnLinux("is stopped by the next start when its app and its guard were killed", async () => {
    const folder = newFolder();
    const app = runApp(folder, "durable");
    await until("the app has rows", () => lastNumber(app) > 50);
    const orphan = await postmaster(folder);
    const guard = guardOf(orphan);
    expect(guard).toBeGreaterThan(0);
    if (guard !== undefined) process.kill(guard, "SIGKILL");
    await kill(app);
    await sleep(200);
    expect(isAlive(orphan)).toBe(true);

    const server = await start(folder);
    expect(isAlive(orphan)).toBe(false);
    expect(await countKept(server.url)).toBeGreaterThanOrEqual(lastNumber(app));
  });

  it("starts although its old process number belongs to another living process", async () => {
    const folder = newFolder();
    const first = await start(folder);
    const [, ...lines] = (await readFile(path.join(folder, "postgres/postmaster.pid"), "utf8")).split("\n");
    await first.stop();
    const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"], { stdio: "ignore" });
    try {
      await writeFile(path.join(folder, "postgres/postmaster.pid"), [other.pid, ...lines].join("\n"));
      const server = await start(folder);
      expect(await ask(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
      expect(isAlive(other.pid ?? 0)).toBe(true);
    } finally {
      other.kill("SIGKILL");
    }
  });

  itOnLinux("refuses a folder whose server neither a process here nor a port tells of", async () => {
    const folder = newFolder();
    const first = await start(folder);
    const file = path.join(folder, "postgres/postmaster.pid");
    const text = await readFile(file, "utf8");
    // As it looks from another container: the number is somebody else's there, and nobody listens on the port.
    const [, data, began, , ...lines] = text.split("\n");
    const unseen = [process.pid, data, began, 1, ...lines].join("\n");
    await writeFile(file, unseen);
    const { error } = await refusal(folder);
    expect(error).toBeInstanceOf(DataFolderRefused);
    expect(error).toHaveProperty("message", expect.stringContaining("in another container, perhaps"));
    expect(await readFile(file, "utf8")).toBe(unseen);
    await writeFile(file, text);
    expect(await ask(first.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("starts although a power cut left an empty postmaster.pid", async () => {
    const folder = newFolder();
    await (await start(folder)).stop();
    await writeFile(path.join(folder, "postgres/postmaster.pid"), "");
    const server = await start(folder);
    expect(await ask(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("comes back by itself at the same url, and still refuses a second app", async () => {
    const folder = newFolder();
    const server = await start(folder, "durable");
    await ask(server.url, "create table note (text text); insert into note values ('kept')");
    const pid = await postmaster(folder);
    process.kill(pid, "SIGKILL");
    await until("it answers again", () =>
      ask(server.url, "select text from note").then(
        (rows) => expect(rows).toEqual([{ text: "kept" }]) === undefined,
        () => false,
      ),
    );
    expect(await postmaster(folder)).not.toBe(pid);
    expect((await refusal(folder)).error).toBeInstanceOf(DataFolderRefused);
    await server.stop();
    expect(await postmaster(folder)).toBe(0);
  });

  it("takes the folder again when the connection that holds it is cut", async () => {
    const folder = newFolder();
    const server = await start(folder);
    const holder = "select pid from pg_stat_activity where application_name = 'latchkey-lock'";
    const [before] = await ask(server.url, holder);
    await ask(server.url, `select pg_terminate_backend(pid) from (${holder}) as lock`);
    await until("another connection holds it", async () => {
      const [now] = await ask(server.url, holder);
      return now !== undefined && JSON.stringify(now) !== JSON.stringify(before);
    });
    await sleep(100);
    expect((await refusal(folder)).error).toBeInstanceOf(DataFolderRefused);
    expect(await ask(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("opens after first starts that were killed at any moment, and tidies up after them", async () => {
    const folder = newFolder();
    for (let round = 0; round < 5; round += 1) {
      const app = runApp(folder);
      await sleep(100 + Math.random() * 900);
      await kill(app);
    }
    const server = await start(folder);
    expect(await ask(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect((await readdir(folder)).sort()).toEqual(["postgres", "postgres-password", "postgres.log"]);
  });
});

describe("two apps that start at the same moment", () => {
  async function race(folder: string): Promise<void> {
    const both = [runApp(folder), runApp(folder)];
    await Promise.all(both.map(answered));
    const winners = both.filter((app) => app.said[0]?.url);
    const losers = both.filter((app) => app.said[0]?.refused);
    expect(losers.map((app) => app.said[0]?.refused)).toEqual(["DataFolderRefused"]);
    expect(winners).toHaveLength(1);
    for (const app of winners) {
      await until("the winner works", () => lastNumber(app) > 10);
      app.process.stdin?.write("stop\n");
      await until("the winner ends", () => isOver(app));
      expect(app.process.exitCode).toBe(0);
    }
  }

  it("on an empty folder: one runs, the other is refused", async () => {
    for (let round = 0; round < 4; round += 1) await race(newFolder());
  });

  it("on a used folder: one runs, the other is refused", async () => {
    const folder = newFolder();
    await (await start(folder)).stop();
    for (let round = 0; round < 4; round += 1) await race(folder);
  });
});

describe("the embedded Postgres under root", () => {
  itAsRoot(
    "runs as another user, also below a folder that only root can enter, and recovers there",
    async () => {
      const folder = newFolder();
      await chmod(path.dirname(folder), 0o700);
      const first = await start(folder, "durable");
      await ask(first.url, "create table note (text text); insert into note values ('kept')");
      const pid = await postmaster(folder);
      expect((await stat(path.join(folder, "postgres"))).uid).not.toBe(0);
      expect((await stat(path.join(folder, "postgres-password"))).uid).toBe(0);
      process.kill(pid, "SIGKILL");
      await until("it came back", async () => ![0, pid].includes(await postmaster(folder)));
      await until("it answers again", () =>
        ask(first.url, "select 1").then(
          () => true,
          () => false,
        ),
      );
      await first.stop();
      const second = await start(folder);
      expect(await ask(second.url, "select text from note")).toEqual([{ text: "kept" }]);
    },
  );
});
