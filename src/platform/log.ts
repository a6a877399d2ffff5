import { type Logger, pino } from "pino";

export type { Logger };

/** The program's log: JSON lines on standard output, or coloured text on a terminal. */
export function openLog(level: string, terminal: boolean): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return terminal
    ? pino({ ...options, transport: { target: "pino-pretty", options: { translateTime: "SYS:HH:MM:ss" } } })
    : pino(options);
}
