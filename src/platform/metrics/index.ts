import { Registry } from "prom-client";
import { type NoteAnswer, openAnswers } from "./answers";
import { type Events, openEvents } from "./events";
import { openGauges, type ShownGauge } from "./gauges";
import { type PasswordLine, type PoolCounts, watchPasswords, watchPools, watchProcess } from "./watch";

export type { NoteAnswer, PoolCounts, ShownGauge };

/** What one program counts and measures, of its own: nothing is shared with another in the same process. */
export type Metrics = Events & {
  /** All of it in the text format of Prometheus. */
  read(): Promise<{ contentType: string; text: string }>;
  /** How answers of one route to one method are counted. Make it once for each, and from a fixed list only. */
  answersOf(route: string, method: string): NoteAnswer;
  /** A gauge that shows what it was last told, and nothing before that. */
  gauge<Label extends string = never>(name: string, help: string, labels?: Label[]): ShownGauge<Label>;
  /** Shows connection pools by their names; each is looked at when the metrics are read, like what follows. */
  watchPools(pools: Record<string, PoolCounts>): void;
  watchPasswords(line: () => PasswordLine): void;
  /** Shows the version, and what Node tells of the process: memory, time, event loop, garbage collection. */
  watchProcess(version: string): void;
};

/** Opens an empty collection. */
export function openMetrics(): Metrics {
  const registry = new Registry();
  return {
    ...openEvents(registry),
    answersOf: openAnswers(registry),
    gauge: openGauges(registry),
    watchPools: (pools) => watchPools(registry, pools),
    watchPasswords: (line) => watchPasswords(registry, line),
    watchProcess: (version) => watchProcess(registry, version),
    read: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
