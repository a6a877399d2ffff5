import { Client } from "pg";
import { errorCode } from "./error-code";

/** Opens one connection to a server on this computer, or says in a word why there is none. */
export async function connect(port: number, password: string): Promise<Client | NoConnection> {
  const client = new Client({
    host: "127.0.0.1",
    port,
    user: "latchkey",
    password,
    database: "postgres",
    // Spelt out, so that no PGSSLMODE or PGOPTIONS meant for another server applies.
    ssl: false,
    options: "-c statement_timeout=0",
    application_name: "latchkey-lock",
    keepAlive: true,
    connectionTimeoutMillis: 2000,
  });
  client.on("error", () => undefined); // "end" follows, and is what callers listen to
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    return wordFor(error);
  }
}

/** Why a server did not let us in. */
export type NoConnection = "not-ready" | "full" | "wrong-password" | "nobody";

function wordFor(error: unknown): NoConnection {
  switch (errorCode(error)) {
    case "57P03": // starting up, shutting down or in recovery
    case "57P01": // told to go while it was greeting us
      return "not-ready";
    case "53300":
      return "full";
    case "28P01":
    case "28000":
      return "wrong-password";
    default:
      return "nobody";
  }
}
