import * as fc from "fast-check";

/** How many odd values each parameter of a form or a page gets from a running desk's front door. */
export const ODD_VALUES = Number(process.env.FUZZ ?? 3_000);

/** How many each reader gets, and each parameter of what programs ask, which is answered sooner. */
export const READ_VALUES = Math.max(ODD_VALUES, Number(process.env.FUZZ_READERS ?? 10_000));

/** Printed with a failure, and settable: the same seed tries the same values. */
export const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Few enough that much is tried before something has changed, many enough that looking for changes costs little. */
const BATCH = 250;

/**
 * Tries what is drawn, batch by batch, until it is enough. A batch that fails is tried again in halves, as long as one of
 * them still fails: what is thrown is the least of these failures, with the seed that draws it again, whether it came
 * again at all, and how long the batch had taken by then.
 */
export async function inBatches<Drawn>(
  each: fc.Arbitrary<Drawn>,
  attempt: (drawn: Drawn[]) => Promise<void>,
  enough: () => boolean,
): Promise<void> {
  for (let seed = SEED; !enough(); seed++) {
    const drawn = fc.sample(each, { seed, numRuns: BATCH });
    const began = performance.now();
    const error = await failure(attempt, drawn);
    if (!error) continue;
    const took = ((performance.now() - began) / 1000).toFixed(1);
    const { drawn: least, error: cause } = await smallest(attempt, drawn, error);
    const often = cause === error ? "once, and not again in halves" : "again and again";
    const what = `FUZZ_SEED=${SEED}, ${least.length} requests at once, ${often}, at first after ${took} s`;
    throw new Error(`${what}: ${cause.message}`, { cause });
  }
}

async function smallest<Drawn>(
  attempt: (drawn: Drawn[]) => Promise<void>,
  drawn: Drawn[],
  error: Error,
): Promise<{ drawn: Drawn[]; error: Error }> {
  const middle = Math.ceil(drawn.length / 2);
  for (const half of drawn.length < 2 ? [] : [drawn.slice(0, middle), drawn.slice(middle)]) {
    const again = await failure(attempt, half);
    if (again) return smallest(attempt, half, again);
  }
  return { drawn, error };
}

async function failure<Drawn>(
  attempt: (drawn: Drawn[]) => Promise<void>,
  drawn: Drawn[],
): Promise<Error | undefined> {
  try {
    await attempt(drawn);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
