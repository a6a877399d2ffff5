import type { z } from "zod";

/** A header of an answer; left out of some answers where its schema is optional. */
export type AnswerHeader = { description: string; schema: z.ZodType; example: string | number };

/** The body of an answer: of which schema, and examples of it by what they show. */
export type AnswerBody = {
  type: "application/json" | "text/html" | "text/plain";
  schema: z.ZodType;
  examples: Record<string, unknown>;
};

/** One answer of an operation: no body unless it says so, one of several if they are of different types. */
export type Answer = {
  description: string;
  headers?: Record<string, AnswerHeader>;
  bodies?: AnswerBody[];
};

/** What a program may ask: GET, and HEAD, which is answered alike but without a body. */
export type Operation = {
  /** Names it in the document, and so in clients made from that. */
  id: string;
  path: string;
  tag: "Keys" | "Reverse proxies" | "About this installation";
  summary: string;
  description: string;
  /** What it wants to be shown. */
  opens: "to anybody" | "with a key" | "with a key or a session";
  query?: z.ZodObject;
  answers: Record<number, Answer>;
  /** How to ask it with curl: what the way is called, curl's options, and a query string. */
  samples: { label: string; options: string; query?: string }[];
};
