import type { Config } from "../platform/config";
import { CommandRefused, sentenceOf } from "./command";

// By SQLSTATE, by the system's code for a connection that cannot be made, or by the words of pg, which gives those no code.
const MENDS: [RegExp, string][] = [
  [
    /^(ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$|^timeout e|connection timeout$/,
    "nothing listens there, so start the database, or mend host and port in DATABASE_URL",
  ],
  [/^(ENOTFOUND|EAI_AGAIN)$/, "that host is not known, so mend the host in DATABASE_URL"],
  [/^Connection terminated/, "see whether the database runs, and whether DATABASE_URL leads to it"],
  [
    /^The server does not support SSL/,
    "it takes no encrypted connections, so switch TLS on there, or mend sslmode in DATABASE_URL",
  ],
  [/^28P01$|^28000$|^SASL:/, "mend user and password in DATABASE_URL"],
  [/^3D000$/, "make the database, or mend its name in DATABASE_URL"],
  [/^53300$/, "the server has no connection free, so raise max_connections, or put PgBouncer in front"],
];

/** What to do about a database of one's own that cannot be reached, or lets nobody in; undefined for any other error. */
export function mendOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const told = "code" in error ? String(error.code) : error.message;
  return MENDS.find(([pattern]) => pattern.test(told))?.[1];
}

/** Waits for work. Throws CommandRefused where it ends because the database of DATABASE_URL cannot be reached, or lets nobody in. */
export async function tellingUnreached<T>({ databaseUrl }: Config, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const mend = databaseUrl === undefined ? undefined : mendOf(error);
    if (mend === undefined) throw error;
    throw new CommandRefused(`The database of DATABASE_URL cannot be used (${sentenceOf(error)}): ${mend}.`);
  }
}
