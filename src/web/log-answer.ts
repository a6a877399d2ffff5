import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pathOf } from "../base/address-path";
import { readTraceparent } from "../base/trace-context";
import { type Logger, logAnswered } from "../platform/log";
import type { NoteAnswer } from "../platform/metrics";

declare module "node:http" {
  interface IncomingMessage {
    /** What error pages and the log call this request. */
    id: string;
  }
}

/**
 * Names a request, and logs it when it is answered, or when its connection breaks: id, method, path, status and
 * milliseconds, and where it belongs in a distributed trace, as OpenTelemetry names that; no query string, other header or
 * body. `note` is told too.
 */
export function logAnswer(
  log: Logger,
  req: IncomingMessage,
  res: ServerResponse,
  note: NoteAnswer | undefined,
): void {
  const { method, url: path } = req;
  const id = randomUUID();
  const began = performance.now();
  req.id = id;
  const trace = readTraceparent(req.headers.traceparent);
  res.on("close", () => {
    const { statusCode: status, writableFinished: whole } = res;
    const took = performance.now() - began;
    const answer = {
      req: { id, method, path: pathOf(path) },
      res: { status },
      responseTime: Math.round(took),
      ...(trace && { trace_id: trace.traceId, span_id: trace.spanId }),
    };
    note?.(whole ? status : "aborted", took / 1000);
    if (status >= 500) log.error(answer, "request failed");
    else logAnswered(log, answer, whole ? "request" : "request aborted");
  });
}
