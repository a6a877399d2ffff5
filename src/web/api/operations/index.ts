import { z } from "zod";
import { VERIFY_PATHS } from "../addresses";
import { ForwardHeaders, ForwardQuery, KeyOwner, OpenApiDocument, Person, ServiceAccount } from "../schemas";
import { away, noKey, told, tooMany } from "./answers";
import { alive, ready } from "./health";
import type { Operation } from "./operation";

const BASIC = { label: "HTTP Basic", options: "-i -u 'ada@example.com:lk…'" };
const BEARER = { label: "Bearer", options: "-i -H 'Authorization: Bearer lk…'" };
const X_API_KEY = { label: "X-API-Key", options: "-i -H 'X-API-Key: lk…'" };

const verify: Omit<Operation, "id" | "path"> = {
  tag: "Keys",
  summary: "Is this key good?",
  description:
    "Answers by its status alone, and never with a body. The key is looked up in the database each time: a key that was revoked or replaced is refused from that moment on.\n\n" +
    "The query string and the headers `Accept` and `Content-Type` are ignored. The answer is never a redirect, and sets no cookie.",
  opens: "with a key",
  answers: {
    200: { description: "The key is good." },
    401: noKey,
    429: tooMany,
    503: away,
  },
  samples: [BASIC, BEARER, X_API_KEY],
};

/** Everything that programs may ask. */
export const OPERATIONS: readonly Operation[] = [
  { ...verify, id: "verifyKey", path: VERIFY_PATHS[0] },
  { ...verify, id: "verifyKeyAtOlderAddress", path: VERIFY_PATHS[1] },
  {
    id: "whoAmI",
    path: "/v1/me",
    tag: "Keys",
    summary: "Whose key is this?",
    description: "Tells whom the key belongs to, as they are at this moment.",
    opens: "with a key",
    answers: {
      200: {
        description: "The key is good, and theirs.",
        body: {
          type: "application/json",
          schema: KeyOwner,
          examples: { "A person": exampleOf(Person), "A service account": exampleOf(ServiceAccount) },
        },
      },
      401: told.noKey,
      429: told.tooMany,
      503: told.away,
    },
    samples: [BEARER],
  },
  {
    id: "forwardAuth",
    path: "/auth/forward",
    tag: "Reverse proxies",
    summary: "May this request pass?",
    description:
      "For a reverse proxy to ask before it hands a request on: `auth_request` of nginx, `forward_auth` of Caddy, ForwardAuth of Traefik. It takes the session cookie of a browser that is signed in to Latchkey, or an API key, and tells by headers who it is.\n\n" +
      "The proxy hands those headers on to the application, and has to remove any of the same names that the client sent. In them, what is not plain printable ASCII is percent-encoded UTF-8, as `encodeURIComponent` writes it.",
    opens: "with a key or a session",
    query: ForwardQuery,
    answers: {
      200: { description: "They may pass.", headers: forwardHeaders() },
      302: {
        description:
          "A browser, by its `Accept`, without a live session: to be sent to the page for signing in.",
        headers: {
          Location: {
            description: "The page for signing in, with the way back.",
            schema: z.string(),
            example: "/sign-in?return=%2F",
          },
        },
      },
      401: told.noKey,
      403: told.notAllowed,
      429: told.tooMany,
      503: told.away,
    },
    samples: [{ ...BEARER, query: "?role=billing" }],
  },
  {
    id: "openApi",
    path: "/v1/openapi.json",
    tag: "About this installation",
    summary: "This description, for programs",
    description: "An OpenAPI 3.1 document of everything on this page, to make clients from.",
    opens: "to anybody",
    answers: {
      200: {
        description: "The document.",
        body: {
          type: "application/json",
          schema: OpenApiDocument,
          examples: { "How it begins": exampleOf(OpenApiDocument) },
        },
      },
    },
    samples: [{ label: "Nothing to show", options: "" }],
  },
  alive,
  ready,
];

function exampleOf(schema: z.ZodType): unknown {
  const { examples } = schema.meta() ?? {};
  return Array.isArray(examples) ? examples[0] : undefined;
}

function forwardHeaders() {
  const headers = Object.entries<z.ZodType>(ForwardHeaders.shape).map(([name, schema]) => {
    const { description = "" } = schema.meta() ?? {};
    return [name, { description, schema, example: String(exampleOf(schema)) }] as const;
  });
  return Object.fromEntries(headers);
}
