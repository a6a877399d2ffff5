import { Counter, collectDefaultMetrics, Gauge, type Registry } from "prom-client";

/** What a pool of pg tells of itself. */
export type PoolCounts = { totalCount: number; idleCount: number; waitingCount: number };

/** Passwords being hashed, those that wait, and how many were ever sent away because the line was too long. */
export type PasswordLine = { active: number; waiting: number; turnedAway: number };

export function watchPools(registry: Registry, pools: Record<string, PoolCounts>): void {
  const registers = [registry];
  new Gauge({
    name: "latchkey_database_connections",
    help: "Connections to the database, by what they are for, in use and idle",
    labelNames: ["pool", "state"],
    registers,
    collect() {
      for (const [pool, { totalCount, idleCount }] of Object.entries(pools)) {
        this.set({ pool, state: "idle" }, idleCount);
        this.set({ pool, state: "in use" }, totalCount - idleCount);
      }
    },
  });
  new Gauge({
    name: "latchkey_database_connections_awaited",
    help: "How many wait for a connection to the database, by what it is for",
    labelNames: ["pool"],
    registers,
    collect() {
      for (const [pool, { waitingCount }] of Object.entries(pools)) this.set({ pool }, waitingCount);
    },
  });
}

export function watchPasswords(registry: Registry, line: () => PasswordLine): void {
  const registers = [registry];
  new Gauge({
    name: "latchkey_passwords_hashing",
    help: "Passwords being hashed with bcrypt at this moment",
    registers,
    collect() {
      this.set(line().active);
    },
  });
  new Gauge({
    name: "latchkey_passwords_waiting",
    help: "Passwords that wait for their turn to be hashed",
    registers,
    collect() {
      this.set(line().waiting);
    },
  });
  new Counter({
    name: "latchkey_passwords_turned_away_total",
    help: "Requests sent away because too many passwords were waiting to be hashed",
    registers,
    collect() {
      this.reset();
      this.inc(line().turnedAway);
    },
  });
}

/** These keep the names that dashboards for any Node program know: process_ and nodejs_. */
export function watchProcess(registry: Registry, version: string): void {
  new Gauge({
    name: "latchkey_build_info",
    help: "Always 1; which version of Latchkey runs on which Node",
    labelNames: ["version", "node"],
    registers: [registry],
  }).set({ version, node: process.versions.node }, 1);
  collectDefaultMetrics({ register: registry });
}
