import { Counter, type Registry } from "prom-client";
import { Durations } from "./durations";

/** Counts one answer: its status, or that the client went away before it was complete, and how long it took. */
export type NoteAnswer = (status: number | "aborted", seconds: number) => void;

// A key check takes about a millisecond, a page a few, a password some hundreds; after nine seconds a page is refused.
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What counts answers: a counter by route, method and status, and a histogram of the time by route and method. */
export function openAnswers(registry: Registry): (route: string, method: string) => NoteAnswer {
  const tallies: { route: string; method: string; byStatus: Map<number | "aborted", number> }[] = [];
  new Counter({
    name: "latchkey_http_requests_total",
    help: "Requests answered, by route (the pattern, never the address asked for), method and status; aborted: the client left before its answer was complete",
    labelNames: ["route", "method", "status"],
    registers: [registry],
    // Counted here and told when it is asked for: see Durations.
    collect() {
      this.reset();
      for (const { route, method, byStatus } of tallies)
        for (const [status, answers] of byStatus)
          this.inc({ route, method, status: String(status) }, answers);
    },
  });
  const durations = new Durations({
    name: "latchkey_http_request_duration_seconds",
    help: "How long it took to answer requests, by route and method",
    labelNames: ["route", "method"],
    bounds: SECONDS,
    registry,
  });
  return (route, method) => {
    const byStatus = new Map<number | "aborted", number>();
    tallies.push({ route, method, byStatus });
    const took = durations.of({ route, method });
    return (status, seconds) => {
      byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
      took(seconds);
    };
  };
}
