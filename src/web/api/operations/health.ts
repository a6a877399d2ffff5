import { Alive, NotReady, Ready } from "../schemas";
import type { Operation } from "./operation";

const about = {
  tag: "About this installation",
  opens: "to anybody",
  samples: [{ label: "Nothing to show", options: "-i" }],
} as const;

/** GET /healthz. */
export const alive: Operation = {
  ...about,
  samples: [...about.samples],
  id: "isAlive",
  path: "/healthz",
  summary: "Does the program live?",
  description: "Answers while the process does. The database is not asked.",
  answers: {
    200: {
      description: "It lives.",
      bodies: [{ type: "text/plain", schema: Alive, examples: { "It lives": Alive.value } }],
    },
  },
};

/** GET /readyz. */
export const ready: Operation = {
  ...about,
  samples: [...about.samples],
  id: "isReady",
  path: "/readyz",
  summary: "Can it be asked?",
  description: "Answers within two seconds whether the database does too.",
  answers: {
    200: {
      description: "The database answers.",
      bodies: [{ type: "text/plain", schema: Ready, examples: { Ready: Ready.value } }],
    },
    503: {
      description: "The database does not answer within a second and a half.",
      bodies: [{ type: "text/plain", schema: NotReady, examples: { "Not ready": NotReady.value } }],
    },
  },
};
