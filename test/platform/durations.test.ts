import { Histogram, Registry } from "prom-client";
import { Durations } from "../../src/platform/metrics/durations";

const HISTOGRAM = {
  name: "took_seconds",
  help: "How long it took",
  labelNames: ["route", "method"] as const,
};
const BOUNDS = [0.001, 0.5, 2];
const ROWS = [
  { route: "/", method: "GET" },
  { route: "/a", method: "POST" },
];
// On the bounds, between them, beyond the last and below the first.
const SECONDS = [0.001, 0.0010001, 0, 0.5, 1, 2, 2.5, 100];

it("a histogram of durations tells what prom-client's own tells", async () => {
  const [registry, theirs] = [new Registry(), new Registry()];
  const durations = new Durations({ ...HISTOGRAM, bounds: BOUNDS, registry });
  const histogram = new Histogram({ ...HISTOGRAM, buckets: BOUNDS, registers: [theirs] });
  for (const labels of ROWS) {
    const took = durations.of(labels);
    for (const seconds of SECONDS) {
      took(seconds);
      histogram.observe(labels, seconds);
    }
  }
  // A row that nothing was counted in is not told of.
  durations.of({ route: "/never", method: "GET" });
  expect(await registry.metrics()).toBe(await theirs.metrics());
});
