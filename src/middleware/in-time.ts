import type { ErrorRequestHandler, RequestHandler } from "express";
import { NotInTime } from "../base/not-in-time";

const LONGEST_MS = 9_000;

/**
 * Answers with NotInTime, by way of `answerError`, what is not answered within nine seconds of its body having arrived;
 * an answer that has begun goes on, such as a download.
 */
export function inTime(answerError: ErrorRequestHandler): RequestHandler {
  return (req, res, next) => {
    const timer = setTimeout(() => {
      if (!res.headersSent)
        answerError(new NotInTime(`${req.method} was not answered in time`), req, res, next);
    }, LONGEST_MS);
    res.once("close", () => clearTimeout(timer));
    next();
  };
}
