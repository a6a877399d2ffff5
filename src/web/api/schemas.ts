import { z } from "zod";

// What programs are answered with and may ask with, once: handlers make their answers through these schemas, and the
// OpenAPI document (document.ts) is written from them.

const id = z
  .guid()
  .meta({ description: "Who it is, for good: neither an email nor a name is kept as long." });
const roles = z
  .array(z.string())
  .meta({ description: "Latchkey's own roles, and those you define under Settings for your applications." });
const keyId = z
  .string()
  .regex(/^[0-9A-Za-z]{8}$/)
  .meta({
    description: "Which key it was: the eight characters after `lk`, as the pages and the trail show it.",
  });

/** The owner of a key, where that is a person. */
export const Person = z
  .strictObject({
    id,
    kind: z.literal("person").meta({ description: "A person, whose own key it is." }),
    email: z
      .string()
      .meta({ description: "Where letters reach them, and what stands before the key in HTTP Basic." }),
    firstName: z.string().meta({ description: "First name, in any script." }),
    lastName: z.string().meta({ description: "Last name, in any script." }),
    roles,
    keyId,
  })
  .meta({
    description: "A person with an account.",
    examples: [
      {
        id: "0d9fdf5c-52a1-4b0e-9d53-6f1f0a2c7b11",
        kind: "person",
        email: "ada@example.com",
        firstName: "Ada",
        lastName: "Lovelace",
        roles: ["member", "billing"],
        keyId: "8sNw2Q1x",
      },
    ],
  });

/** The owner of a key, where that is a service account. */
export const ServiceAccount = z
  .strictObject({
    id,
    kind: z.literal("service-account").meta({ description: "A program, which administrators gave the key." }),
    name: z.string().meta({ description: "Its name, which also stands before the key in HTTP Basic." }),
    roles,
    keyId,
  })
  .meta({
    description: "A service account: an account that is not a person, and signs in nowhere.",
    examples: [
      {
        id: "f3c1b7de-0b44-4f3a-8c1e-2a9d5e6b7c80",
        kind: "service-account",
        name: "nightly-backup",
        roles: ["backup"],
        keyId: "Zq41mT7c",
      },
    ],
  });

/** Whom a key belongs to. */
export const KeyOwner = z.discriminatedUnion("kind", [Person, ServiceAccount]).meta({
  description: "Whom a key belongs to, told apart by `kind`.",
  discriminator: {
    propertyName: "kind",
    mapping: {
      person: "#/components/schemas/Person",
      "service-account": "#/components/schemas/ServiceAccount",
    },
  },
});

/** What an error says, as JSON:API writes it. */
export const Errors = z
  .strictObject({
    errors: z
      .array(
        z.strictObject({
          status: z
            .string()
            .regex(/^[45]\d\d$/)
            .meta({ description: "The status of the answer, as text." }),
          title: z.string().meta({ description: "What the status is called." }),
          detail: z.string().meta({ description: "A sentence on what was wrong, for people to read." }),
        }),
      )
      .min(1)
      .meta({ description: "What was wrong." }),
  })
  .meta({
    description: "What was wrong, as JSON:API writes errors.",
    examples: [{ errors: [{ status: "401", title: "Unauthorized", detail: "Send a valid API key." }] }],
  });

/** An OpenAPI document, as far as it is told here. */
export const OpenApiDocument = z
  .looseObject({
    openapi: z
      .string()
      .regex(/^3\.1\.\d+$/)
      .meta({ description: "The version of OpenAPI it is written in." }),
    info: z
      .looseObject({ title: z.string(), version: z.string() })
      .meta({ description: "The product, and its version, which the document has too." }),
    paths: z.looseObject({}).meta({ description: "Each address with what it takes and answers." }),
  })
  .meta({
    description: "An OpenAPI 3.1 document: this one.",
    examples: [{ openapi: "3.1.1", info: { title: "Latchkey", version: "1.0.0" }, paths: {} }],
  });

const several = (value: unknown) => (value === undefined ? [] : [value].flat());

/** What `/auth/forward` may be asked with. */
export const ForwardQuery = z.object({
  role: z.preprocess(
    several,
    z.array(z.string()).meta({
      description:
        "A role to have. Given several times, each is needed; of names with commas between, one. An empty name is nobody's.",
      examples: [["billing", "support,operations"]],
    }),
  ),
  activity: z.preprocess(
    (value) => several(value).find((one) => one === "no"),
    z
      .literal("no")
      .optional()
      .meta({
        description:
          "The session is not kept alive by this: for what an application polls by itself. Any other value is ignored.",
        examples: ["no"],
      }),
  ),
});

const printable = z.string().regex(/^[\x20-\x7e]*$/);

/** The headers with which `/auth/forward` lets somebody pass: always all of them, empty where there is nothing to say. */
export const ForwardHeaders = z.strictObject({
  "X-Latchkey-User-Id": z.guid().meta({
    description: "Who it is, for good.",
    examples: ["0d9fdf5c-52a1-4b0e-9d53-6f1f0a2c7b11"],
  }),
  "X-Latchkey-Kind": z
    .enum(["person", "service-account"])
    .meta({ description: "A person or a program.", examples: ["person"] }),
  "X-Latchkey-Email": printable.meta({
    description: "A person's email; empty for a service account.",
    examples: ["zoe@example.com"],
  }),
  "X-Latchkey-Name": printable.meta({
    description: "First and last name, or the service account's name.",
    examples: ["Zo%C3%AB Washburne"],
  }),
  "X-Latchkey-Roles": printable.meta({
    description: "Their roles, with commas between them.",
    examples: ["member,billing"],
  }),
  "X-Latchkey-Key-Id": z
    .string()
    .regex(/^([0-9A-Za-z]{8})?$/)
    .meta({ description: "Which key it was; empty where a session was shown.", examples: ["8sNw2Q1x"] }),
});

/** What `/healthz` answers. */
export const Alive = z.literal("ok\n");
/** What `/readyz` answers while the database does. */
export const Ready = z.literal("ready\n");
/** What `/readyz` answers while the database does not. */
export const NotReady = z.literal("the database does not answer\n");
