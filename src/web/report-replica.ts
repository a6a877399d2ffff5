import { randomUUID } from "node:crypto";
import type { Queryable } from "../platform/database";
import type { Logger } from "../platform/log";
import { dropReplica, reportReplica } from "../records/replicas";

const EVERY_MS = 10_000;

/**
 * Lets the database know every ten seconds that this program runs, and which secret it seals with. The first report is
 * in the database when this resolves; the returned function ends them.
 */
export async function keepReporting(
  db: Queryable,
  sealsWith: string,
  log: Logger,
): Promise<() => Promise<void>> {
  const id = randomUUID();
  let report = reportReplica(db, id, sealsWith);
  await report;
  const timer = setInterval(() => {
    report = reportReplica(db, id, sealsWith).catch((error) =>
      log.warn({ err: error }, "The database could not be told that this program runs; trying again shortly"),
    );
  }, EVERY_MS).unref();
  return async () => {
    clearInterval(timer);
    await report;
    // Where the database is away, the report lapses by itself.
    await dropReplica(db, id).catch(() => {});
  };
}
