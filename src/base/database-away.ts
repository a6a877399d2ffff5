// PostgreSQL, appendix A: connections (08), resources such as connections and disk (53), operator intervention, as
// "shutting down" and "starting up" (57P), a statement or a wait for a lock that took too long (57014, 55P03), a
// transaction left idle (25P03), a standby, as after a failover (25006), and files that cannot be read or written (58).
const AWAY = /^(08...|53...|57P0.|57014|55P03|25P03|25006|58...)$/;

// Of the system: refused, reset, unreachable, not to be found by name; ENOENT is for a socket's file.
const NETWORK = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
]);

// pg and pg-pool give these no code.
const WORDS =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|Query read timeout|timeout exceeded when trying to connect|timeout expired)/;

/** True for errors that say nothing of the question: the database is not there, not ready, full, or too slow to answer. Also where that is their cause. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.cause !== undefined && isDatabaseAway(error.cause)) return true;
  return AWAY.test(codeOf(error)) || isLost(error);
}

// What ends the connection, or may have come of the server's own end.
const LAST_WORDS = /^(08...|53...|57P0.|58...|XX...)$/;

/** True where the connection was lost, or given up, before the question was answered. */
export function isLost(error: Error): boolean {
  const code = codeOf(error);
  return LAST_WORDS.test(code) || NETWORK.has(code) || WORDS.test(error.message);
}

/** True where this side stopped waiting for the answer. */
export function isLate(error: Error): boolean {
  return error.message === "Query read timeout";
}

// What can only go wrong before there is a connection.
const BEFORE = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
  "08001",
  "08004",
  "53300",
  "57P03",
]);
const WORDS_BEFORE = /connection timeout|trying to connect|^timeout expired|is not queryable/;

/** True where there was no connection to send the question by. */
export function wasNeverSent(error: Error): boolean {
  return BEFORE.has(codeOf(error)) || WORDS_BEFORE.test(error.message);
}

// Of the system's errors and of Postgres's alike; the severity would be in the server's language.
function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : "";
}
