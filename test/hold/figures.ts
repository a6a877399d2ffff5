import { appendFileSync } from "node:fs";
import type { Findings } from "./account";
import type { Load } from "./load";

/** The figures of one fault. */
export function figuresOf(load: Load, findings: Findings, { began, back }: { began: number; back: number }) {
  const all = Object.values(load.tallies);
  const sum = (of: "sent" | "answered" | "refused" | "broken") =>
    all.reduce((total, tally) => total + tally[of], 0);
  const firstGood = load.good.find((moment) => moment > back);
  return {
    sent: sum("sent"),
    answered: sum("answered"),
    refused: sum("refused"),
    broken: sum("broken"),
    lost: findings.lost.length,
    double: findings.double.length,
    half: findings.half.length,
    awayMs: Math.round(back - began),
    backAfterMs: firstGood === undefined ? Number.POSITIVE_INFINITY : Math.round(firstGood - back),
    lastRefusalMs: Math.max(0, Math.round(load.lastRefusal - back)),
    slowestMs: Math.max(...all.map(({ slowestMs }) => slowestMs)),
  };
}

/** Prints a line of figures past jest's own reporting, and keeps it where FIGURES names a file. */
export function print(name: string, figures: Record<string, unknown>): void {
  const line = `${name}: ${JSON.stringify(figures)}\n`;
  process.stderr.write(line);
  if (process.env.FIGURES) appendFileSync(process.env.FIGURES, line);
}
