import type { Client } from "pg";
import { connect, type NoConnection } from "./connect";

// Both halves are arbitrary but must never change: they are how two versions of Latchkey notice each other.
// The lock lies in the database "postgres", where no migration tool looks for locks of its own.
const KEY = [1_279_350_888, 1_801_812_334];

/** One connection that holds the data folder for this app for as long as it is open. */
export type AppLock = {
  client: Client;
  /** Resolves when the connection is gone, and the lock with it. */
  lost: Promise<void>;
  release(): Promise<void>;
};

/** Takes the lock on the server at this port, or says why not. */
export async function takeAppLock(port: number, password: string): Promise<AppLock | "held" | NoConnection> {
  const client = await connect(port, password);
  if (typeof client === "string") return client;
  const lost = new Promise<void>((resolve) => client.once("end", resolve));
  try {
    const { rows } = await client.query("select pg_try_advisory_lock($1, $2) as taken", KEY);
    if (rows[0]?.taken === true) return { client, lost, release: () => end(client) };
  } catch {
    await end(client);
    return "not-ready";
  }
  await end(client);
  return "held";
}

/** Says whether some app holds the lock, without taking it. */
export async function isAppLockHeld(client: Client): Promise<boolean> {
  const { rows } = await client.query(
    `select exists (
       select from pg_locks
       where locktype = 'advisory' and granted and objsubid = 2 and classid = $1::oid and objid = $2::oid
     ) as held`,
    KEY,
  );
  return rows[0]?.held === true;
}

async function end(client: Client): Promise<void> {
  // A server that hangs would never answer the goodbye.
  const timer = setTimeout(() => client.connection?.stream.destroy(), 1000);
  await client.end().catch(() => undefined);
  clearTimeout(timer);
}
