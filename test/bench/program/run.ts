// npm run bench: the built program as it is shipped beside plain baselines, in turn, as ratios of one run. With --scale:
// the pages that must stay quick as an installation grows.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { Pool } from "pg";
import { type Ask, load, type Slice } from "./load";
import { type Seeded, seed } from "./seed";
import { pinOurselves, type Server, serveBaseline, serveProduct } from "./serve";
import { rowsOf, tableOf } from "./table";

const ROUNDS = Number(process.env.ROUNDS ?? 15);
const CONNECTIONS = 32;
const APP_SECRET = "a secret for benches that nobody else may use";
const PORT = "3899";

type Entry = { name: string; server: Server; asks: Ask[] };

async function main(): Promise<void> {
  if (process.argv.includes("--scale")) {
    execFileSync("npx", ["jest", "--selectProjects", "bench", "--runInBand"], { stdio: "inherit" });
    return;
  }
  pinOurselves();
  const folder = await mkdtemp(path.join(tmpdir(), "latchkey-bench-"));
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const slices = await measure(await openEntries(folder, stops));
    const rows = rowsOf(slices);
    process.stdout.write(tableOf(rows));
    const machine = `${cpus().length} x ${cpus()[0]?.model.trim()}`;
    const report = { at: new Date().toISOString(), node: process.version, machine, rounds: ROUNDS, rows };
    await writeFile("bench.json", `${JSON.stringify(report, null, 2)}\n`);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** A second of each in turn, as often as there are rounds, after one round to warm up. */
async function measure(entries: Entry[]): Promise<Map<string, Slice[]>> {
  const slices = new Map<string, Slice[]>(entries.map(({ name }) => [name, []]));
  for (let round = -1; round < ROUNDS; round++) {
    for (const { name, server, asks } of entries) {
      const slice = await load(server.port, asks, CONNECTIONS, 1);
      if (round >= 0) slices.get(name)?.push(slice);
    }
  }
  return slices;
}

async function openEntries(folder: string, stops: (() => Promise<unknown>)[]): Promise<Entry[]> {
  const { url, seeded } = await openDatabase(folder, stops);
  const started = async (server: Promise<Server>) => {
    stops.push((await server).stop);
    return server;
  };
  const plain = await started(serveBaseline("plain", url, seeded.personId));
  const page = await started(serveBaseline("page", url, seeded.personId));
  const usual = await started(serveBaseline("usual", url, seeded.personId));
  const env = { NODE_ENV: "production", PORT, HOST: "127.0.0.1", DATABASE_URL: url, APP_SECRET };
  const product = await started(serveProduct(env));
  const login = await fetch(`http://127.0.0.1:${usual.port}/login`);
  await login.text();
  const usualCookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
  const basic = `Basic ${Buffer.from(`${seeded.email}:${seeded.key}`).toString("base64")}`;
  const asked = (address: string, headers: Record<string, string>, bodyHolds?: string): Ask => ({
    request: get(address, headers),
    status: 200,
    ...(bodyHolds && { bodyHolds }),
  });
  return [
    {
      name: "S: plain node:http, JSON, one prepared SELECT",
      server: plain,
      asks: [asked("/", {}, seeded.email)],
    },
    { name: "P: Express, EJS page, one SELECT", server: page, asks: [asked("/", {}, seeded.email)] },
    {
      name: "U: express-session, connect-pg-simple, one SELECT, EJS page",
      server: usual,
      asks: [asked("/", { Cookie: usualCookie }, seeded.email)],
    },
    {
      name: "Latchkey: key check",
      server: product,
      asks: [asked("/v1/authentication/verify", { Authorization: basic, "User-Agent": "bench" })],
    },
    {
      name: "Latchkey: profile page",
      server: product,
      asks: seeded.cookies.map((Cookie) => asked("/profile", { Cookie }, seeded.email)),
    },
    {
      name: "Latchkey: sign-in page, as a stranger",
      server: product,
      asks: [asked("/sign-in", {}, "Forgotten your password?")],
    },
  ];
}

async function openDatabase(
  folder: string,
  stops: (() => Promise<unknown>)[],
): Promise<{ url: string; seeded: Seeded }> {
  const { startEmbeddedPostgres } = require("../platform/embedded-postgres");
  const { migrate } = require("../platform/migrations");
  const { MIGRATIONS } = require("../commands/open-installation");
  const log = { info() {}, debug() {}, warn: console.error, error: console.error };
  const postgres = await startEmbeddedPostgres({ folder, log });
  stops.push(() => postgres.stop());
  await migrate(postgres.url, MIGRATIONS, () => {});
  const db = new Pool({ connectionString: postgres.url, max: 1 });
  const seeded = await seed(db, APP_SECRET, CONNECTIONS);
  await db.end();
  return { url: postgres.url, seeded };
}

function get(address: string, headers: Record<string, string>): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`GET ${address} HTTP/1.1\r\nHost: localhost\r\n${lines.join("")}\r\n`);
}

main().catch((error) => {
  process.exitCode = 1;
  process.stderr.write(`${error?.stack ?? error}\n`);
});
