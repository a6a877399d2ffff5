import { randomUUID } from "node:crypto";
import type { RequestHandler } from "express";
import { pinoHttp } from "pino-http";
import { describeError, type Logger } from "../platform/log";

/** Logs each request when it is answered: id, method, path and status; no query string, header or body. */
export function requestLog(logger: Logger): RequestHandler {
  return pinoHttp({
    logger,
    genReqId: () => randomUUID(),
    wrapSerializers: false,
    serializers: {
      req: (req) => ({
        id: req.id,
        method: req.method,
        path: String(req.originalUrl ?? req.url).split("?")[0],
      }),
      res: (res) => ({ status: res.statusCode }),
      err: describeError,
    },
    customLogLevel: (_req, res) => (res.statusCode >= 500 ? "error" : "info"),
    customSuccessMessage: () => "request",
    customErrorMessage: () => "request failed",
  }) as RequestHandler;
}
