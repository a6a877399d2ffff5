import { STATUS_CODES } from "node:http";
import type { Response } from "express";
import type { z } from "zod";
import { Errors } from "./schemas";

/** How a program is told by a 401 to send a key: as HTTP Basic asks, since that is what most clients know. */
export const ASK_FOR_KEY = { "WWW-Authenticate": 'Basic realm="Latchkey", charset="UTF-8"' };

/** The body of an answer that says what was wrong, under the name its status has in HTTP. */
export function errorBody(status: number, detail: string): z.infer<typeof Errors> {
  const title = STATUS_CODES[status] ?? "Error";
  return Errors.parse({ errors: [{ status: String(status), title, detail }] });
}

/** Answers a program with what was wrong. */
export function sendError(res: Response, status: number, detail: string): void {
  res.status(status).json(errorBody(status, detail));
}
