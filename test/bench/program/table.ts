import type { Slice } from "./load";

/** One line of the table: rates as ratios to the baselines' of the same round; times in milliseconds. */
export type Row = {
  name: string;
  aSecond: number;
  toS: number;
  /** The middle half of the ratios to S. */
  spread: [number, number];
  toP: number;
  toU: number;
  p50: number;
  p99: number;
};

/** Works the rows out; the first three are the baselines S, P and U. */
export function rowsOf(slices: Map<string, Slice[]>): Row[] {
  const [s = [], p = [], u = []] = [...slices.values()];
  return [...slices].map(([name, mine]) => {
    const toS = ratios(mine, s);
    return {
      name,
      aSecond: Math.round(median(mine.map(rate))),
      toS: median(toS),
      spread: [at(toS, 0.25), at(toS, 0.75)],
      toP: median(ratios(mine, p)),
      toU: median(ratios(mine, u)),
      p50: median(mine.map(({ times }) => at(times, 0.5))),
      p99: median(mine.map(({ times }) => at(times, 0.99))),
    };
  });
}

/** The rows as text. */
export function tableOf(rows: Row[]): string {
  const lines = rows.map(({ name, aSecond, toS, spread, toP, toU, p50, p99 }) =>
    [
      name.padEnd(60),
      String(aSecond).padStart(7),
      `${toS.toFixed(2)} (${spread.map((ratio) => ratio.toFixed(2)).join(" to ")})`.padStart(21),
      toP.toFixed(2).padStart(6),
      toU.toFixed(2).padStart(6),
      p50.toFixed(1).padStart(8),
      p99.toFixed(1).padStart(8),
    ].join(" "),
  );
  const head = `${"".padEnd(60)}   a second               / S    / P    / U   p50 ms   p99 ms`;
  return `${[head, ...lines].join("\n")}\n`;
}

const rate = ({ answers, seconds }: Slice) => answers / seconds;
const ratios = (mine: Slice[], base: Slice[]) =>
  mine.map((slice, round) => rate(slice) / rate(base[round] as Slice)).sort((a, b) => a - b);
const median = (values: number[]) =>
  at(
    [...values].sort((a, b) => a - b),
    0.5,
  );

function at(sorted: ArrayLike<number>, part: number): number {
  return sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
}
