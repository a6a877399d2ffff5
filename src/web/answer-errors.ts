import type { Response } from "express";

/** Answers a program with one error, as JSON:API writes them (https://jsonapi.org/format/#errors). */
export function answerErrors(res: Response, status: number, title: string, detail: string): void {
  res.status(status).json({ errors: [{ status: String(status), title, detail }] });
}
