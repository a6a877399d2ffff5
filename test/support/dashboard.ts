import { readFileSync } from "node:fs";
import path from "node:path";

const FILE = path.join(__dirname, "..", "..", ".github", "grafana-dashboard.json");

type Panel = {
  id: number;
  title: string;
  type: string;
  targets?: { expr: string }[];
  gridPos: Record<"x" | "y" | "w" | "h", number>;
};

/** The dashboard an operator imports. */
export const dashboard: { panels: Panel[]; templating: { list: { name: string; type: string }[] } } =
  JSON.parse(readFileSync(FILE, "utf8"));

/** Every question it asks Prometheus. */
export const expressions: string[] = dashboard.panels.flatMap(({ targets = [] }) =>
  targets.map(({ expr }) => expr),
);
