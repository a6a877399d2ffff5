// npm run bench: the built program as it is shipped beside plain baselines, in turn, as ratios of one run, and what it
// writes. With --scale: how it is with a million of everything, and the pages that must stay quick as it grows.
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { growth } from "./growth";
import { rates } from "./rates";
import { replicas } from "./replicas";
import { pinOurselves } from "./serve";
import { signIns } from "./sign-ins";
import { memory, starts } from "./starts";
import { tableOf } from "./table";
import { writes } from "./writes";

const ROUNDS = Number(process.env.ROUNDS ?? 15);

const PARTS: Record<string, () => Promise<unknown>> = {
  rates: async () => {
    const rows = await rates(ROUNDS);
    process.stdout.write(tableOf(rows));
    return rows;
  },
  signIns: async () => told("300 sign-ins at once: p99 of others, in ms", await signIns()),
  starts: async () => told("Seconds from start to ready", await starts()),
  memory: async () => told("Resident memory in MB", await memory()),
  replicas: async () => told("Two replicas against one", await replicas(ROUNDS)),
  writes: async () => told("What authenticated views write, at 1,000 sessions", await writes()),
};

const GROWTH = {
  growth: async () => told("At 1,000,000 of everything against 1,000", await growth()),
  lists: async () =>
    execFileSync("npx", ["jest", "--selectProjects", "bench", "--runInBand"], { stdio: "inherit" }),
};

async function main(): Promise<void> {
  const named = process.argv.slice(2).filter((word) => word !== "--scale");
  const offered: typeof PARTS = process.argv.includes("--scale") ? GROWTH : PARTS;
  const parts = Object.entries(offered).filter(([name]) => named.length === 0 || named.includes(name));
  pinOurselves();
  const report: Record<string, unknown> = {
    at: new Date().toISOString(),
    node: process.version,
    machine: `${cpus().length} x ${cpus()[0]?.model.trim()}`,
    rounds: ROUNDS,
  };
  for (const [name, measure] of parts) report[name] = await measure();
  await writeFile("bench.json", `${JSON.stringify(report, null, 2)}\n`);
}

function told<T extends object>(title: string, found: T): T {
  const facts = Object.entries(found).map(
    ([name, value]) => `${name} ${typeof value === "number" ? Math.round(value * 100) / 100 : value}`,
  );
  process.stdout.write(`${title}: ${facts.join(", ")}\n`);
  return found;
}

main().catch((error) => {
  process.exitCode = 1;
  process.stderr.write(`${error?.stack ?? error}\n`);
});
