import type { RequestListener } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { Pool } from "pg";
import { pathOf } from "../base/address-path";
import type { Logger } from "../platform/log";
import type { Metrics } from "../platform/metrics";
import { doesAnswer } from "../records/server";
import { openFigures } from "./figures";

const LONGEST_MS = 1_500;
const ADDRESS = "/metrics";

/**
 * Answers GET /metrics, within about two seconds whatever the database does, and everything else with 404. Where the
 * database does not answer, what only it knows is left out. `lookups` asks whether it does, `counts` counts in it.
 */
export function answerMetrics(
  metrics: Metrics,
  { lookups, counts, log }: { lookups: Pool; counts: Pool; log: Logger },
): RequestListener {
  const isUp = metrics.gauge("database_up", "1 while the database answers, otherwise 0");
  const figures = openFigures(metrics, counts, log);

  async function read(): Promise<{ contentType: string; text: string }> {
    const counted = Promise.all(figures.map((figure) => figure.refresh()));
    const timer = new AbortController();
    const enough = pause(LONGEST_MS, undefined, timer).catch(() => {});
    const [up] = await Promise.all([doesAnswer(lookups, LONGEST_MS), Promise.race([counted, enough])]);
    timer.abort();
    isUp.show([{ value: up ? 1 : 0 }]);
    for (const figure of figures) figure.show(up);
    return metrics.read();
  }

  return (req, res) => {
    res.setHeader("X-Content-Type-Options", "nosniff");
    res.setHeader("Cache-Control", "no-store");
    if (req.method !== "GET" || pathOf(req.url) !== ADDRESS) {
      res.writeHead(404, { "Content-Type": "text/plain" }).end(`There is only GET ${ADDRESS} here.\n`);
      return;
    }
    read()
      .then(({ contentType, text }) => res.writeHead(200, { "Content-Type": contentType }).end(text))
      .catch((error) => {
        log.error({ err: error }, "Metrics could not be read");
        if (!res.headersSent) res.writeHead(500).end();
      });
  };
}
