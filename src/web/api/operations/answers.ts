import { z } from "zod";
import { ASK_FOR_KEY, errorBody } from "../errors";
import { Errors } from "../schemas";
import type { Answer, AnswerBody, AnswerHeader } from "./operation";

const askForKey: AnswerHeader = {
  description: "How to send a key: HTTP Basic is one of the ways.",
  schema: z.literal(ASK_FOR_KEY["WWW-Authenticate"]),
  example: ASK_FOR_KEY["WWW-Authenticate"],
};
/** When it is worth asking again. */
export const retryAfter: AnswerHeader = {
  description: "In how many seconds it is worth asking again.",
  schema: z.int().min(1),
  example: 2,
};

/** An error as a body, with one example. */
export function errors(status: number, detail: string, called: string): { bodies: AnswerBody[] } {
  const examples = { [called]: errorBody(status, detail) };
  return { bodies: [{ type: "application/json", schema: Errors, examples }] };
}

/** 401: all keys that are not good are refused alike. */
export const noKey: Answer = {
  description:
    "There was no key, or none that is good: unknown, wrong, revoked, another's, or of a deactivated account. All alike.",
  headers: { "WWW-Authenticate": askForKey },
};

/** 429: only wrong keys are counted. */
export const tooMany: Answer = {
  description:
    "The key was wrong, and too many wrong ones came from this address or for this account. A good key is let through all the same.",
  headers: { "Retry-After": { ...retryAfter, example: 1 } },
};

/** 503: nothing is said about the key. */
export const away: Answer = {
  description: "The database could not be asked in time. It says nothing about the key: ask again.",
  headers: { "Retry-After": retryAfter },
};

/** The same three for those who are told in a body what was wrong. */
export const told = {
  noKey: { ...noKey, ...errors(401, "Send a valid API key.", "No good key") },
  tooMany: {
    ...tooMany,
    ...errors(429, "Too many wrong keys were sent. Wait a little.", "Too many wrong keys"),
  },
  away: {
    ...away,
    headers: { "Retry-After": { ...retryAfter, example: 5 } },
    ...errors(
      503,
      "The database does not answer at the moment. Try again in a few seconds.",
      "Database away",
    ),
  },
} satisfies Record<string, Answer>;
