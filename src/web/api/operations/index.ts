import { VERIFY_PATHS } from "../addresses";
import { KeyOwner, OpenApiDocument, Person, ServiceAccount } from "../schemas";
import { away, noKey, told, tooMany } from "./answers";
import { exampleOf } from "./example";
import { forward } from "./forward";
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
        bodies: [
          {
            type: "application/json",
            schema: KeyOwner,
            examples: { "A person": exampleOf(Person), "A service account": exampleOf(ServiceAccount) },
          },
        ],
      },
      401: told.noKey,
      429: told.tooMany,
      503: told.away,
    },
    samples: [BEARER],
  },
  forward,
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
        bodies: [
          {
            type: "application/json",
            schema: OpenApiDocument,
            examples: { "How it begins": exampleOf(OpenApiDocument) },
          },
        ],
      },
    },
    samples: [{ label: "Nothing to show", options: "" }],
  },
  alive,
  ready,
];
