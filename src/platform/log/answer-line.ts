import { timeInWords } from "./time-in-words";

/** An answered request as the log tells it. */
export type Answered = {
  req: { id: string; method: string | undefined; path: string };
  res: { status: number };
  /** In milliseconds. */
  responseTime: number;
  /** Where it belongs in a distributed trace, in hexadecimal digits. */
  trace_id?: string;
  span_id?: string;
};

/**
 * The line of level 30 that pino makes of an answered request, to the letter, in a third of the time: there is one for each
 * key check. Texts that others chose are quoted; `words` are ours.
 */
export function answerLine({ req, res, responseTime, trace_id, span_id }: Answered, words: string): string {
  const { id, method = "", path } = req;
  const trace = trace_id === undefined ? "" : `,"trace_id":"${trace_id}","span_id":"${span_id}"`;
  return `{"level":30${timeInWords()},"req":{"id":"${id}","method":"${method}","path":${JSON.stringify(path)}},"res":{"status":${res.status}},"responseTime":${responseTime}${trace},"msg":"${words}"}\n`;
}
