import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Writable } from "node:stream";
import type { Pool } from "pg";
import { pino } from "pino";
import { openMetrics } from "../../src/platform/metrics";
import { makeServer } from "../../src/server";
import { type Desk, openDesk } from "../../src/web/desk";
import { openTestDatabase } from "./database";

export const APP_SECRET = "a secret for tests that nobody else may use";

/** The real program on a real Postgres, inside the test: only its clock can be moved and its password hash is cheap. */
export type TestDesk = {
  desk: Desk;
  db: Pool;
  databaseUrl: string;
  origin: string;
  /** Every line logged so far. */
  log: string[];
  /** Moves the program's clock (one-time codes, password age) forward by seconds. */
  moveClock(seconds: number): void;
  now(): Date;
  /** Starts another replica on the same database, with the same APP_SECRET unless another is given. */
  replica(appSecret?: string): Promise<{ origin: string; desk: Desk }>;
  close(): Promise<void>;
};

/**
 * Opens it; letters go to the log, or to `smtpUrl` (see post-office.ts). BASE_URL is where it listens, TRUST_PROXY false,
 * unless something else is given: trusted, visitors can have an address of their own.
 */
export async function openTestDesk({
  smtpUrl,
  baseUrl,
  trustProxy = false,
  passwordCost = 4,
  appSecret = APP_SECRET,
  cookieDomain,
  returnOrigins = [],
  metrics = false,
}: {
  smtpUrl?: string;
  baseUrl?: string;
  trustProxy?: boolean | number;
  passwordCost?: number;
  appSecret?: string;
  cookieDomain?: string;
  returnOrigins?: string[];
  metrics?: boolean;
} = {}): Promise<TestDesk> {
  const database = await openTestDatabase();
  const log: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      log.push(String(chunk));
      done();
    },
  });
  const logger = pino({ level: "debug", base: null }, sink);
  let moved = 0;
  const now = () => new Date(Date.now() + moved * 1000);
  const servers: Server[] = [];
  const desks: Desk[] = [];

  async function replica(secret = appSecret) {
    const server = createServer();
    server.keepAliveTimeout = 75_000;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const desk = await openDesk({
      db: database.db,
      log: logger,
      metrics: metrics ? openMetrics() : undefined,
      baseUrl: new URL(baseUrl ?? origin),
      appSecret: secret,
      cookieDomain,
      returnOrigins,
      mail:
        smtpUrl === undefined ? undefined : { smtpUrl, from: "Latchkey, your desk <latchkey@desk.example>" },
      passwordCost,
      now,
    });
    server.on("request", makeServer(desk, { trustProxy }).listener);
    desks.push(desk);
    return { origin, desk };
  }

  const first = await replica();
  return {
    ...first,
    db: database.db,
    databaseUrl: database.url,
    log,
    moveClock: (seconds) => {
      moved += seconds;
    },
    now,
    replica,
    async close() {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
      for (const desk of desks) await desk.mail.stop();
      await first.desk.calls.flush();
      await database.close();
    },
  };
}
