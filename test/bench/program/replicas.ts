import { keyChecks, profiles } from "./asks";
import type { Ask } from "./connection";
import { openInstallation } from "./installation";
import { load } from "./load";
import { ALL_CORES } from "./serve";

const CONNECTIONS = 32;

/** How much more two replicas answer in a second than one, as the median of paired rounds. */
export type Replicas = { keyChecksOfTwoToOne: number; profilesOfTwoToOne: number };

/** Two replicas and their database on all cores, against one replica, both with the same number of connections in all. */
export async function replicas(rounds: number): Promise<Replicas> {
  const installation = await openInstallation({ people: 1_000, trailEntries: 0 }, CONNECTIONS);
  try {
    const one = await installation.serve(ALL_CORES);
    const two = await installation.serve(ALL_CORES);
    const ratioOf = async (asks: Ask[]) => {
      const ratios: number[] = [];
      for (let round = -1; round < rounds; round++) {
        const alone = await load(one.port, asks, CONNECTIONS, 1);
        const both = await Promise.all([one, two].map(({ port }) => load(port, asks, CONNECTIONS / 2, 1)));
        if (round >= 0) ratios.push(both.reduce((sum, slice) => sum + rate(slice), 0) / rate(alone));
      }
      return ratios.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
    };
    return {
      keyChecksOfTwoToOne: await ratioOf(keyChecks(installation.askers)),
      profilesOfTwoToOne: await ratioOf(profiles(installation.askers)),
    };
  } finally {
    await installation.stop();
  }
}

const rate = ({ answers, seconds }: { answers: number; seconds: number }) => answers / seconds;
