import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Pool } from "pg";
import { answerMetrics } from "../../src/web/answer-metrics";
import type { Desk } from "../../src/web/desk";

/** One line of what Prometheus is told. */
export type Sample = { name: string; labels: Record<string, string>; value: number };

/** What one answer told: its text, and the same line by line. */
export class Scrape {
  readonly samples: Sample[];

  constructor(readonly text: string) {
    this.samples = text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map(readSample);
  }

  /** The value of the one line with this name and, among others, these labels; undefined for none. */
  value(name: string, labels: Record<string, string> = {}): number | undefined {
    const found = this.samples.filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
    if (found.length > 1)
      throw new Error(`There are ${found.length} lines ${name} ${JSON.stringify(labels)}`);
    return found[0]?.value;
  }

  /** The lines with this name that are not zero, as "label value, label value: number". */
  rises(name: string): string[] {
    return this.samples
      .filter((sample) => sample.name === name && sample.value !== 0)
      .map(({ labels, value }) => `${Object.values(labels).join(", ")}: ${value}`)
      .sort();
  }
}

function readSample(line: string): Sample {
  const [, name = "", labels = "", value = ""] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === "") throw new Error(`This is no line for Prometheus: ${line}`);
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = "", text = ""]) => [
    label,
    text,
  ]);
  return { name, labels: Object.fromEntries(pairs), value: Number(value.replace("+Inf", "Infinity")) };
}

/** Asks for metrics as Prometheus does. */
export async function scrape(origin: string): Promise<Scrape> {
  const answer = await fetch(`${origin}/metrics`);
  if (answer.status !== 200) throw new Error(`Metrics were answered with ${answer.status}`);
  return new Scrape(await answer.text());
}

/** Serves a test desk's metrics, as serve does; what is counted in the database on `pools`, unless given the desk's own. */
export async function openMetricsOf(
  desk: Desk,
  pools: { lookups: Pool; counts: Pool } = { lookups: desk.db, counts: desk.db },
): Promise<{ origin: string; close(): Promise<void> }> {
  if (!desk.metrics) throw new Error("This desk was opened without metrics");
  const server = createServer(answerMetrics(desk.metrics, { ...pools, log: desk.log }));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
