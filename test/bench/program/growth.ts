import { keyChecks, profiles } from "./asks";
import type { Ask } from "./connection";
import { type Installation, openInstallation } from "./installation";
import { paced } from "./load";
import { measureWrites, type Writes } from "./writes";

const SMALL = { people: 1_000, trailEntries: 10_000 };
const LARGE = { people: 1_000_000, trailEntries: 10_000_000 };
const ASKERS = 1_000;
const ROUNDS = 9;
const ROUND_SECONDS = 4;
const A_SECOND = 200;
const TABLES = ["people", "sessions", "api_keys", "api_key_callers", "recovery_codes", "trail"];

/** Times at 1,000,000 people, sessions and keys and 10,000,000 trail entries against those at 1,000, and what is scanned. */
export type Growth = {
  keyCheckP50Ratio: number;
  keyCheckP99Ratio: number;
  profileP50Ratio: number;
  profileP99Ratio: number;
  wholeTablesScanned: string;
} & Writes;

/** Both sizes in turn at the same steady rate; the ratios are medians of paired rounds. */
export async function growth(): Promise<Growth> {
  const small = await openInstallation(SMALL, ASKERS);
  const large = await openInstallation(LARGE, ASKERS);
  try {
    const ports = [(await small.serve()).port, (await large.serve()).port] as const;
    const before = await scans(large);
    const [keyCheckP50Ratio, keyCheckP99Ratio] = await ratios(ports, [small, large].map(askKeys));
    const [profileP50Ratio, profileP99Ratio] = await ratios(ports, [small, large].map(askProfiles));
    const writes = await measureWrites(large, 20);
    const wholeTablesScanned = (await scans(large)).filter((now, i) => now.scans > (before[i]?.scans ?? 0));
    return {
      keyCheckP50Ratio,
      keyCheckP99Ratio,
      profileP50Ratio,
      profileP99Ratio,
      wholeTablesScanned: wholeTablesScanned.map(({ name }) => name).join(" ") || "none",
      ...writes,
    };
  } finally {
    await small.stop();
    await large.stop();
  }
}

const askKeys = ({ askers }: Installation) => keyChecks(askers);
const askProfiles = ({ askers }: Installation) => profiles(askers);

async function ratios(ports: readonly [number, number], asks: Ask[][]): Promise<[number, number]> {
  const p50: number[] = [];
  const p99: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const [few, many] = [await times(ports[0], asks[0]), await times(ports[1], asks[1])];
    if (round < 0) continue;
    p50.push(at(many, 0.5) / at(few, 0.5));
    p99.push(at(many, 0.99) / at(few, 0.99));
  }
  return [at(p50.sort(ascending), 0.5), at(p99.sort(ascending), 0.5)];
}

function times(port: number, asks: Ask[] = []): Promise<Float64Array> {
  return paced(port, asks, A_SECOND, new Promise((resolve) => setTimeout(resolve, ROUND_SECONDS * 1000)));
}

async function scans({ db }: Installation): Promise<{ name: string; scans: number }[]> {
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const { rows } = await db.query(
    "select relname as name, seq_scan::int as scans from pg_stat_user_tables where relname = any($1) order by 1",
    [TABLES],
  );
  return rows;
}

const ascending = (a: number, b: number) => a - b;
const at = (sorted: ArrayLike<number>, part: number) =>
  sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
