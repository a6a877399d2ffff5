import type { Client } from "pg";
import { errorCode } from "./error-code";

/** Makes the database that the app works in, if there is none; false when the server went away meanwhile. */
export async function ensureAppDatabase(client: Client): Promise<boolean> {
  try {
    const found = await client.query("select from pg_database where datname = 'latchkey'");
    if (found.rowCount === 0) await client.query("create database latchkey");
    return true;
  } catch (error) {
    if (connectionWasLost(error)) return false;
    throw error;
  }
}

// What Postgres itself objects to has a five-character code; 57P.. is its goodbye.
function connectionWasLost(error: unknown): boolean {
  const code = errorCode(error);
  return code === undefined || code.length !== 5 || code.startsWith("57P") || code === "EPIPE";
}
