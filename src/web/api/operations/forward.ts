import { z } from "zod";
import { ASK_FOR_KEY } from "../errors";
import { ForwardHeaders, ForwardQuery } from "../schemas";
import { errors, noKey, retryAfter, told } from "./answers";
import { exampleOf } from "./example";
import type { AnswerHeader, Operation } from "./operation";

const basic = ASK_FOR_KEY["WWW-Authenticate"];
const noRole = "This needs the role billing, and the account does not have it.";
const html = { type: "text/html", schema: z.string() } as const;

/** GET /auth/forward. */
export const forward: Operation = {
  id: "forwardAuth",
  path: "/auth/forward",
  tag: "Reverse proxies",
  summary: "May this request pass?",
  description:
    "For a reverse proxy to ask before it hands a request on: `auth_request` of nginx, `forward_auth` of Caddy, ForwardAuth of Traefik. It takes an API key, or the session cookie of a browser that is signed in to Latchkey, and tells by headers who it is. A key counts before a session; other credentials beside a live session are the application's own, and are left alone.\n\n" +
    "The proxy hands those headers on to the application, and has to overwrite or remove what the client sent under their names. Percent-decode their values: what is not printable ASCII in them is percent-encoded UTF-8.\n\n" +
    "Caddy and Traefik tell by `X-Forwarded-Uri` what was asked for, and hand any answer on. A proxy that sends `X-Original-URL` or `X-Original-URI` instead, as is usual with nginx, is answered 200, 401 or 403 only.",
  opens: "with a key or a session",
  query: ForwardQuery,
  answers: {
    200: { description: "They may pass.", headers: identity() },
    302: {
      description:
        "A browser on its way to a page, without a live session: to be sent to the page for signing in.",
      headers: {
        Location: {
          description: "The page for signing in, with the way back where `RETURN_ORIGINS` allows it.",
          schema: z.url(),
          example: "https://auth.example.com/sign-in?return=https%3A%2F%2Fwiki.example.com%2F",
        },
      },
      bodies: [
        { ...html, examples: { "To a browser": "<!DOCTYPE html>…" } },
        { type: "text/plain", schema: z.string(), examples: { Otherwise: "Found. Redirecting to …" } },
      ],
    },
    401: {
      description: `${noKey.description} Or a session that has ended, or is only half signed in.`,
      headers: {
        "WWW-Authenticate": {
          description: "How to send a key; to browsers a way for which they open no window of their own.",
          schema: z.enum([basic, "Bearer"]),
          example: basic,
        },
        "Retry-After": { ...retryAfter, schema: retryAfter.schema.optional(), example: 1 },
      },
      ...errors(401, "Sign in, or send a valid API key.", "Nobody who may pass"),
    },
    403: {
      description:
        "They are who they say, but do not have the roles that were asked for; or the proxy misspelt `role`, which must let nobody in.",
      bodies: [
        ...errors(403, noRole, "A role is missing").bodies,
        { ...html, examples: { "To a browser on its way to a page": "<!DOCTYPE html>…" } },
      ],
    },
    429: told.tooMany,
    503: {
      ...told.away,
      bodies: [
        ...told.away.bodies,
        { ...html, examples: { "To a browser on its way to a page": "<!DOCTYPE html>…" } },
      ],
    },
  },
  samples: [{ label: "Bearer", options: "-i -H 'Authorization: Bearer lk…'", query: "?role=billing" }],
};

function identity(): Record<string, AnswerHeader> {
  const headers = Object.entries<z.ZodType>(ForwardHeaders.shape).map(([name, schema]) => {
    const { description = "" } = schema.meta() ?? {};
    return [name, { description, schema, example: String(exampleOf(schema)) }] as const;
  });
  return Object.fromEntries(headers);
}
