import { readFileSync } from "node:fs";
import type { Pool } from "pg";
import { keyChecks, profiles } from "./asks";
import type { Ask } from "./connection";
import { openInstallation } from "./installation";
import { load } from "./load";
import { ALL_CORES, canPin, moveTo, ONE_CORE, pinOurselves } from "./serve";

const CONNECTIONS = 32;

/**
 * How much more two replicas on all cores answer in a second than one on all cores, and than one on a single core; the
 * database and the load are each time on the cores that the replicas are on. Medians of paired rounds.
 */
export type Replicas = {
  keyChecksToOne: number;
  profilesToOne: number;
  /** Only where programs can be moved to a core. */
  keyChecksToOneCore?: number;
  profilesToOneCore?: number;
};

/** Measures them, with the same number of connections in all. */
export async function replicas(rounds: number): Promise<Replicas> {
  const installation = await openInstallation({ people: 1_000, trailEntries: 0 }, CONNECTIONS);
  try {
    const one = await installation.serve(ALL_CORES);
    const two = await installation.serve(ALL_CORES);
    const everything = [process.pid, one.pid, two.pid];
    const move = async (cores: string) => {
      if (canPin) moveTo(cores, [...everything, ...(await postgresOf(installation.db))]);
    };
    const ratioOf = async (asks: Ask[], coresOfOne: string) => {
      const ratios: number[] = [];
      for (let round = -1; round < rounds; round++) {
        await move(coresOfOne);
        const alone = await load(one.port, asks, CONNECTIONS, 1);
        await move(ALL_CORES);
        const both = await Promise.all([one, two].map(({ port }) => load(port, asks, CONNECTIONS / 2, 1)));
        if (round >= 0) ratios.push(both.reduce((sum, slice) => sum + rate(slice), 0) / rate(alone));
      }
      return ratios.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
    };
    const [checks, pages] = [keyChecks(installation.askers), profiles(installation.askers)];
    const onAll = {
      keyChecksToOne: await ratioOf(checks, ALL_CORES),
      profilesToOne: await ratioOf(pages, ALL_CORES),
    };
    if (!canPin) return onAll;
    return {
      ...onAll,
      keyChecksToOneCore: await ratioOf(checks, ONE_CORE),
      profilesToOneCore: await ratioOf(pages, ONE_CORE),
    };
  } finally {
    pinOurselves();
    await installation.stop();
  }
}

// Whoever works for the database and stays, and the process that starts further ones on its own cores.
async function postgresOf(db: Pool): Promise<number[]> {
  const { rows } = await db.query<{ pid: number }>(
    "select pid from pg_stat_activity where backend_type <> 'autovacuum worker'",
  );
  const [first] = rows;
  if (!first) throw new Error("The database has no process");
  const [, afterName = ""] = readFileSync(`/proc/${first.pid}/stat`, "utf8").split(") ");
  return [Number(afterName.split(" ")[1]), ...rows.map(({ pid }) => pid)];
}

const rate = ({ answers, seconds }: { answers: number; seconds: number }) => answers / seconds;
