import { Histogram, type Registry } from "prom-client";

/** How often it took at most each of the bounds and more than the one before; then how often longer than all. */
type Tally<Label extends string> = {
  labels: Record<Label, string>;
  counts: number[];
  sum: number;
};

/**
 * A histogram of durations whose rows are known by what `of` returns for them: to count one is two additions. prom-client's own
 * looks its row up anew each time, by a text made of all its labels, which showed at key checks.
 */
export class Durations<Label extends string> extends Histogram<Label> {
  readonly #tallies: Tally<Label>[] = [];
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];

  constructor(options: {
    name: string;
    help: string;
    labelNames: readonly Label[];
    /** In seconds, rising. */
    bounds: readonly number[];
    registry: Registry;
  }) {
    const { name, help, labelNames, bounds, registry } = options;
    super({ name, help, labelNames: [...labelNames], buckets: [...bounds], registers: [registry] });
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
  }

  /** What counts a duration, in seconds, in the row of these labels; make it once for each. */
  of(labels: Record<Label, string>): (seconds: number) => void {
    const tally = { labels, counts: Array<number>(this.#bounds.length + 1).fill(0), sum: 0 };
    this.#tallies.push(tally);
    const bounds = this.#bounds;
    return (seconds) => {
      let i = 0;
      while (i < bounds.length && seconds > (bounds[i] as number)) i += 1;
      tally.counts[i] = (tally.counts[i] as number) + 1;
      tally.sum += seconds;
    };
  }

  override async get(): ReturnType<Histogram<Label>["get"]> {
    const values = this.#tallies.flatMap((tally) => this.#rowsOf(tally));
    const told = { name: this.#name, help: this.#help, type: "histogram", aggregator: "sum", values };
    return told as unknown as Awaited<ReturnType<Histogram<Label>["get"]>>;
  }

  /** What prom-client asks instead of `get`, where there is one. */
  getForPromString(): ReturnType<Histogram<Label>["get"]> {
    return this.get();
  }

  #rowsOf({ labels, counts, sum }: Tally<Label>) {
    let upTo = 0;
    const buckets = [...this.#bounds, "+Inf"].map((le, i) => {
      upTo += counts[i] as number;
      return { labels: { le, ...labels }, value: upTo, metricName: `${this.#name}_bucket` };
    });
    // A route that nobody came to has no rows.
    if (upTo === 0) return [];
    return [
      ...buckets,
      { labels, value: sum, metricName: `${this.#name}_sum` },
      { labels, value: upTo, metricName: `${this.#name}_count` },
    ];
  }
}
