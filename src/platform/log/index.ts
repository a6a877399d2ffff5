import { type Logger, pino } from "pino";
import { gatherLines } from "./gathered-lines";

export type { Logger };

/** The program's log: JSON lines on standard output, or coloured text on a terminal. */
export function openLog(level: string, terminal: boolean): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
  };
  return terminal
    ? pino({ ...options, transport: { target: "pino-pretty", options: { translateTime: "SYS:HH:MM:ss" } } })
    : pino(options, gatherLines(pino.destination({ dest: 1, sync: false })));
}

/** What an operator has to see, such as letters where no mail server is configured: told at any level but "silent". */
export function noticesIn(log: Logger): Logger {
  return log.level === "silent" ? log : log.child({}, { level: "info" });
}

/** What the log says of an error: never its other properties, which in pg hold the whole connection. */
export function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = "code" in error ? error.code : undefined;
  const cause = error.cause === undefined ? undefined : describeError(error.cause);
  return { type: error.name, message: error.message, stack: error.stack, code, cause };
}
