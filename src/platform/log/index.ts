import { type Logger, pino } from "pino";
import { type Answered, answerLine } from "./answer-line";
import { gatherLines } from "./gathered-lines";
import { timeInWords } from "./time-in-words";

export type { Logger };

// Where lines go of the logs that openLog made: there is no child among them, so a line has nothing that is not in here.
const destinations = new WeakMap<Logger, { write(line: string): unknown }>();

/** The program's log: JSON lines on standard output, or coloured text on a terminal. */
export function openLog(level: string, terminal: boolean): Logger {
  const options = { level, base: null, timestamp: timeInWords, serializers: { err: describeError } };
  if (terminal)
    return pino({
      ...options,
      transport: { target: "pino-pretty", options: { translateTime: "SYS:HH:MM:ss" } },
    });
  const destination = gatherLines(pino.destination({ dest: 1, sync: false }));
  const log = pino(options, destination);
  destinations.set(log, destination);
  return log;
}

/** Logs an answered request, in everyday words of ours. */
export function logAnswered(log: Logger, answer: Answered, words: string): void {
  const destination = destinations.get(log);
  if (!destination) log.info(answer, words);
  else if (log.isLevelEnabled("info")) destination.write(answerLine(answer, words));
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
