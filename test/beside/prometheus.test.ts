import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { expressions } from "../support/dashboard";
import { openTestDatabase } from "../support/database";
import { APP_SECRET } from "../support/desk";
import { freePort, type Program, runProgram } from "../support/program";
import { until } from "../support/until";
import { describeWith, isInstalled, type Running, start } from "./process";

const FEW = 1_000;
const MANY = 100_000;
const CONNECTIONS = 32;
// The kinds below have 7 routes and methods, each with 13 buckets and four more lines; the rest is always there.
const MOST_SERIES = 260;

type Result = { metric: Record<string, string>; value: [at: number, value: string] };

let folder: string;
let database: Awaited<ReturnType<typeof openTestDatabase>>;
let program: Program;
let prometheus: Running;
let api: string;
let target: string;

async function ask<Data>(question: string): Promise<Data> {
  const answer = await fetch(`${api}/api/v1/${question}`);
  const { status, data, error } = (await answer.json()) as { status: string; data: Data; error?: string };
  if (status !== "success") throw new Error(`${question}: ${error}`);
  return data;
}

const query = async (expr: string) =>
  (await ask<{ result: Result[] }>(`query?query=${encodeURIComponent(expr)}`)).result;
const one = async (expr: string) => Number((await query(expr))[0]?.value[1]);

/** Every series Prometheus has ever been told of, not only those of the last answer. */
const seriesEver = async () => {
  const since = "start=2020-01-01T00:00:00Z";
  return (await ask<unknown[]>(`series?${since}&match[]=${encodeURIComponent('{__name__=~"latchkey_.+"}')}`))
    .length;
};

const METHODS = ["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "MKCOL", "REPORT", "PURGE"];

/** The n-th address nobody has asked for before. */
function address(n: number): [method: string, path: string] {
  const id = randomUUID();
  const kinds: [string, string][] = [
    ["GET", `/${id}`],
    ["GET", `/no/such/${id}/page/${n}`],
    ["GET", `/admin/people/${id}`],
    [METHODS[n % METHODS.length] ?? "", `/profile/${id}`],
    ["GET", `/assets/style.${n}.css`],
    ["GET", `/v1/${id}`],
    ["HEAD", `/v1/authentication/verify?${id}`],
    ["GET", `/v1/authentication/verify/${id}`],
    ["HEAD", `/${id}.html`],
    ["GET", `/v1/authentication/verify/?${id}`],
  ];
  return kinds[n % kinds.length] ?? ["", ""];
}

/** Asks for so many addresses on as many connections as are allowed; returns how often each status was the answer. */
async function askFor(count: number): Promise<Record<number, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const { hostname, port } = new URL(program.origin);
  const statuses: Record<number, number> = {};
  let next = 0;
  const askOne = ([method, path]: [string, string]) =>
    new Promise<void>((resolve, reject) => {
      const sent = request({ agent, hostname, port, method, path }, (answer) => {
        const status = answer.statusCode ?? 0;
        statuses[status] = (statuses[status] ?? 0) + 1;
        answer.on("end", resolve).on("error", reject).resume();
      });
      sent.on("error", reject).end();
    });
  const connection = async () => {
    while (next < count) await askOne(address(next++));
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  agent.destroy();
  return statuses;
}

/** Waits until Prometheus has been told of everything that has been answered by now. */
async function untilTold(requests: number): Promise<void> {
  const total = () => one("sum(latchkey_http_requests_total)");
  await until(`${requests} requests are told of`, async () => (await total()) >= requests);
}

beforeAll(async () => {
  if (!isInstalled("prometheus")) return;
  folder = mkdtempSync(path.join(tmpdir(), "latchkey-prometheus-"));
  database = await openTestDatabase();
  const [metricsPort, apiPort] = [await freePort(), await freePort()];
  target = `127.0.0.1:${metricsPort}`;
  api = `http://127.0.0.1:${apiPort}`;
  program = await runProgram({
    DATABASE_URL: database.url,
    APP_SECRET,
    HOST: "127.0.0.1",
    METRICS_PORT: String(metricsPort),
  });
  await database.db.query("update installation set set_up_at = now()");
  const config = path.join(folder, "prometheus.yml");
  writeFileSync(
    config,
    `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs: [{ job_name: latchkey, static_configs: [{ targets: ["${target}"] }] }]
`,
  );
  prometheus = await start(
    "prometheus",
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${path.join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${apiPort}`,
      "--log.level=error",
    ],
    apiPort,
  );
  await until("Prometheus is up and has asked", async () => (await one("up").catch(() => 0)) === 1, 30_000);
});
afterAll(async () => {
  if (!isInstalled("prometheus")) return;
  await prometheus?.stop();
  await program?.end("SIGTERM");
  await database?.close();
  rmSync(folder, { recursive: true, force: true });
});

describeWith(["prometheus"], "a real Prometheus", () => {
  it("has as many series after 100,000 addresses as after 1,000, and was always answered", async () => {
    const statuses = await askFor(FEW);
    await untilTold(FEW);
    const few = await seriesEver();

    const began = performance.now();
    for (const [status, count] of Object.entries(await askFor(MANY - FEW)))
      statuses[Number(status)] = (statuses[Number(status)] ?? 0) + count;
    const seconds = (performance.now() - began) / 1000;
    await untilTold(MANY);
    const many = await seriesEver();
    process.stdout.write(
      `${few} series after ${FEW} addresses, ${many} after ${MANY} (in ${seconds.toFixed(0)} s): ${JSON.stringify(statuses)}\n`,
    );
    expect(many).toBe(few);
    expect(many).toBeLessThan(MOST_SERIES);

    const answered = await query("sum by (status) (latchkey_http_requests_total)");
    const told = Object.fromEntries(answered.map(({ metric, value }) => [metric.status, Number(value[1])]));
    expect(told).toEqual(statuses);

    expect(await one("min_over_time(up[10m])")).toBe(1);
    const { activeTargets } = await ask<{ activeTargets: { health: string; lastError: string }[] }>(
      "targets",
    );
    expect(activeTargets).toMatchObject([{ health: "up", lastError: "" }]);
  }, 180_000);

  it("finds an answer to every question of the dashboard", async () => {
    const asked = expressions.map((expr) =>
      expr.replaceAll("$instance", target).replaceAll("$__rate_interval", "10m"),
    );
    const answers = await Promise.all(
      asked.map(async (expr) => ({ expr, found: (await query(expr)).length > 0 })),
    );
    // Nothing failed.
    const none = answers.filter(({ found }) => !found).map(({ expr }) => expr);
    expect(none).toEqual(asked.filter((expr) => expr.includes('status=~"5.."')));
  });
});
