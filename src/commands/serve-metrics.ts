import type { Server } from "node:http";
import type { Pool } from "pg";
import type { Metrics } from "../platform/metrics";
import { readVersion } from "../platform/version";
import { answerMetrics } from "../web/answer-metrics";
import type { Desk } from "../web/desk";
import { listen } from "./listen";

/** Serves on a port of its own what the desk counts, with its pools by their names and the process as they are. */
export async function serveMetrics(
  metrics: Metrics,
  desk: Desk,
  pools: Record<string, Pool> & { counts: Pool },
  address: { port: number; host: string | undefined },
): Promise<Server> {
  metrics.watchProcess(readVersion());
  metrics.watchPools(pools);
  metrics.watchPasswords(desk.passwords.line);
  const { lookups, log } = desk;
  const listener = answerMetrics(metrics, { lookups, counts: pools.counts, log });
  return listen({ options: {}, listener }, address);
}
