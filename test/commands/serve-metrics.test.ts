import { dashboard, expressions } from "../support/dashboard";
import { openTestDatabase } from "../support/database";
import { APP_SECRET } from "../support/desk";
import { type Sample, type Scrape, scrape } from "../support/metrics";
import { freePort, type Program, runProgram } from "../support/program";
import { until } from "../support/until";

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let program: Program;
let origin: string;
let told: Scrape;
beforeAll(async () => {
  database = await openTestDatabase();
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  program = await start({ METRICS_PORT: String(port) });
  await database.db.query("update installation set set_up_at = now()");
  for (const path of ["/", "/v1/authentication/verify", "/no/such/page", "/assets/x.css"])
    await fetch(program.origin + path);
  await until("garbage was collected and the database counted", async () => {
    told = await scrape(origin);
    return /^nodejs_gc_duration_seconds_sum/m.test(told.text) && told.value("latchkey_mail_waiting") === 0;
  });
});
afterAll(async () => {
  for (const { process: child, end } of started) if (child.exitCode === null) await end("SIGTERM");
  await database.close();
});

const started: Program[] = [];
async function start(env: Record<string, string> = {}): Promise<Program> {
  const running = await runProgram({ DATABASE_URL: database.url, APP_SECRET, HOST: "127.0.0.1", ...env });
  started.push(running);
  return running;
}

describe("with METRICS_PORT the program", () => {
  it("serves metrics there, in the text format of Prometheus, and nothing else", async () => {
    const answer = await fetch(`${origin}/metrics`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    for (const path of ["/", "/metrics/", "/metricsx", "/healthz", "/sign-in", "/v1/authentication/verify"])
      expect({ path, status: (await fetch(origin + path)).status }).toEqual({ path, status: 404 });
    expect((await fetch(`${origin}/metrics`, { method: "POST" })).status).toBe(404);
  });

  it("serves none where people come, and counts that as any address nobody knows", async () => {
    expect((await fetch(`${program.origin}/metrics`)).status).toBe(404);
    const labels = { route: "unknown", method: "GET", status: "404" };
    const before = told.value("latchkey_http_requests_total", labels) ?? 0;
    expect((await scrape(origin)).value("latchkey_http_requests_total", labels)).toBe(before + 1);
  });

  it("tells its version, its pools, the line for passwords and the process", () => {
    const { node } = process.versions;
    expect(told.value("latchkey_build_info", { version: "0.1.0", node })).toBe(1);
    const pools = told.samples.filter(({ name }) => name === "latchkey_database_connections");
    expect([...new Set(pools.map(({ labels }) => labels.pool))]).toEqual([
      "pages",
      "lookups",
      "chores",
      "counts",
    ]);
    expect(told.value("latchkey_database_connections", { pool: "lookups", state: "idle" })).toBeGreaterThan(
      0,
    );
    expect(told.value("latchkey_database_connections_awaited", { pool: "pages" })).toBe(0);
    expect(told.value("latchkey_passwords_waiting")).toBe(0);
    expect(told.value("process_resident_memory_bytes")).toBeGreaterThan(1e7);
    expect(told.value("nodejs_eventloop_lag_p99_seconds")).toBeGreaterThan(0);
  });

  it("explains each metric in a line, of its own name", () => {
    const helps = [...told.text.matchAll(/^# HELP (\w+) (.+)$/gm)];
    const types = [...told.text.matchAll(/^# TYPE (\w+) (\w+)$/gm)];
    expect(helps.map(([, name]) => name)).toEqual(types.map(([, name]) => name));
    const own = types.filter(([, name]) => name?.startsWith("latchkey_"));
    expect(own.length).toBeGreaterThan(18);
    for (const [, name = "", type] of own) expect(name.endsWith("_total")).toBe(type === "counter");
  });

  it("shows passwords that wait for their turn", async () => {
    const body = new URLSearchParams({ email: "a@example.com", password: "Wrong-Password-1" });
    const tries = Array.from({ length: 12 }, (_, n) => {
      body.set("email", `nobody${n}@example.com`);
      return fetch(`${program.origin}/sign-in`, {
        method: "POST",
        body: body.toString(),
        headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" },
      });
    });
    await until(
      "passwords wait",
      async () => ((await scrape(origin)).value("latchkey_passwords_waiting") ?? 0) > 0,
    );
    expect((await scrape(origin)).value("latchkey_passwords_hashing")).toBeGreaterThan(0);
    await Promise.all(tries);
  });

  it("stops at SIGTERM like without, though somebody has just asked for metrics", async () => {
    await scrape(origin);
    expect(await program.end("SIGTERM")).toBe(0);
    await expect(fetch(`${origin}/metrics`)).rejects.toThrow();
  });

  it("does not start where that port is taken", async () => {
    const port = await freePort();
    const first = await start({ METRICS_PORT: String(port) });
    const second = await start({ METRICS_PORT: String(port) });
    expect(second.process.exitCode).toBe(1);
    expect(second.printed()).toContain(`Port ${port} is taken by another program`);
    await first.end("SIGTERM");
  });
});

describe("the dashboard", () => {
  const parts = expressions.flatMap((expr) =>
    [...expr.matchAll(/(\w+)\{([^}]*)\}/g)].map(([, name = "", matchers = ""]) => ({ expr, name, matchers })),
  );
  const samplesOf = (metric: string): Sample[] => told.samples.filter(({ name }) => name === metric);

  it("asks only for metrics the program serves, by labels and values they have", () => {
    expect(parts.length).toBeGreaterThanOrEqual(expressions.length);
    for (const { expr, name, matchers } of parts) {
      const samples = samplesOf(name);
      expect({ name, served: samples.length > 0 }).toEqual({ name, served: true });
      const by = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, labels = ""]) => labels.split(", "));
      const matched = [...matchers.matchAll(/(\w+)(=|=~)"([^"]*)"/g)].map(([, label = "", , value]) => ({
        label,
        value,
      }));
      for (const label of [...by, ...matched.map((match) => match.label)]) {
        // Prometheus itself says which program it asked.
        const known = label === "instance" || samples.some(({ labels }) => label in labels);
        expect({ expr, label, known }).toEqual({ expr, label, known: true });
      }
      for (const { label, value } of matched.filter(({ value }) => !/[$.]/.test(value ?? ""))) {
        const pattern = new RegExp(`^(?:${value})$`);
        expect({ expr, value, met: samples.some(({ labels }) => pattern.test(labels[label] ?? "")) }).toEqual(
          {
            expr,
            value,
            met: true,
          },
        );
      }
    }
  });

  it("shows every metric of Latchkey's own", () => {
    const own = [...told.text.matchAll(/^# TYPE (latchkey_\w+)/gm)].map(([, name = ""]) => name);
    expect(own.filter((name) => !expressions.some((expr) => expr.includes(name)))).toEqual([]);
  });

  it("lets the source be chosen, and has its panels in rows beside one another", () => {
    expect(dashboard.templating.list[0]).toMatchObject({ name: "datasource", type: "datasource" });
    expect(dashboard.panels.filter(({ type }) => type === "row").map(({ title }) => title)).toEqual([
      "Traffic",
      "Sign-ins",
      "Sessions and keys",
      "Mail",
      "Database",
      "Process",
    ]);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const taken = new Set<string>();
    for (const { gridPos } of dashboard.panels)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(x).toBeLessThan(24);
          expect(taken.has(`${x},${y}`)).toBe(false);
          taken.add(`${x},${y}`);
        }
  });
});
