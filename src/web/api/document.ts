import { z } from "zod";
import { onceFor } from "../../base/once-for";
import { readVersion } from "../../platform/version";
import type { Desk } from "../desk";
import type {
  ApiDocument,
  HeaderObject,
  JsonSchema,
  OperationObject,
  ParameterObject,
  ResponseObject,
  SecurityScheme,
} from "./document-shape";
import { OPERATIONS } from "./operations";
import type { Answer, AnswerHeader, Operation } from "./operations/operation";
import { Errors, KeyOwner, OpenApiDocument, Person, ServiceAccount } from "./schemas";

const INFO = {
  title: "Latchkey",
  summary: "Who is this, and may they pass?",
  description:
    "What programs can ask this installation with an API key, a reverse proxy with a session as well.\n\n" +
    "Errors that have a body are JSON, written as JSON:API writes them. An address below `/v1` that is not here is answered with 404, and another method than GET and HEAD with 405 and `Allow`, both in that way; so is 500, for what went wrong on our side. What is not HTTP at all, or whose head is longer than 16 KB, is refused before that with 400 or 431 and no body.",
  version: readVersion(),
};

const TAGS: { name: Operation["tag"]; description: string }[] = [
  { name: "Keys", description: "Whether an API key is good, and whose it is." },
  {
    name: "Reverse proxies",
    description: "The check in front of applications that know nothing of keys or sessions.",
  },
  { name: "About this installation", description: "What it offers, and how it is." },
];

const KEY = [{ basic: [] }, { bearer: [] }, { xApiKey: [] }];
const SECURITY: Record<Operation["opens"], Record<string, string[]>[]> = {
  "to anybody": [],
  "with a key": KEY,
  "with a key or a session": [...KEY, { session: [] }],
};

const SCHEMAS = { KeyOwner, Person, ServiceAccount, Errors, OpenApiDocument };
const NAMES = new Map<z.ZodType, string>(Object.entries(SCHEMAS).map(([name, schema]) => [schema, name]));
const ref = (name: string) => `#/components/schemas/${name}`;

const NOT_KEPT: AnswerHeader = {
  description: "No cache keeps the answer.",
  schema: z.literal("no-store"),
  example: "no-store",
};

/**
 * Describes everything programs may ask this installation as an OpenAPI 3.1 document, from the schemas and answers the
 * handlers use themselves.
 */
export const apiDocument = onceFor(makeDocument);

function makeDocument({ baseUrl, cookie }: Pick<Desk, "baseUrl" | "cookie">): ApiDocument {
  const paths = OPERATIONS.map((operation) => [operation.path, pathItem(operation, baseUrl)] as const);
  return {
    openapi: "3.1.1",
    info: INFO,
    servers: [{ url: baseUrl.origin, description: "This installation" }],
    tags: TAGS,
    paths: Object.fromEntries(paths),
    components: { schemas: COMPONENTS, securitySchemes: securitySchemes(cookie.name) },
  };
}

function securitySchemes(cookie: string): Record<string, SecurityScheme> {
  return {
    basic: {
      type: "http",
      scheme: "basic",
      description:
        "The key as the password. Before it stands a person's email, or a service account's name, in upper or lower case. Send it unasked.",
    },
    bearer: { type: "http", scheme: "bearer", description: "The key alone, in the header `Authorization`." },
    xApiKey: {
      type: "apiKey",
      in: "header",
      name: "X-API-Key",
      description:
        "The key alone, in a header of its own. It is looked at only where there is no `Authorization`.",
    },
    session: {
      type: "apiKey",
      in: "cookie",
      name: cookie,
      description: "The cookie of a browser that is signed in to Latchkey, as the proxy hands it on.",
    },
  };
}

function pathItem(operation: Operation, baseUrl: URL): { get: OperationObject; head: OperationObject } {
  const { id, path, tag, summary, description, opens, samples } = operation;
  const bodiless = Object.entries(operation.answers).map(([status, answer]) => {
    const { content: _, ...rest } = response(answer);
    return [status, rest] as const;
  });
  const shared = {
    tags: [tag],
    summary,
    description,
    security: SECURITY[opens],
    ...(operation.query && { parameters: parameters(operation.query) }),
  };
  const full = Object.entries(operation.answers).map(
    ([status, answer]) => [status, response(answer)] as const,
  );
  return {
    get: {
      operationId: id,
      ...shared,
      responses: Object.fromEntries(full),
      "x-codeSamples": samples.map(({ label, options, query = "" }) => ({
        lang: "Shell",
        label,
        source: ["curl", options, quoted(baseUrl.origin + path + query)].filter(Boolean).join(" "),
      })),
    },
    head: { operationId: `${id}Head`, ...shared, responses: Object.fromEntries(bodiless) },
  };
}

function quoted(address: string): string {
  return address.includes("?") ? `'${address}'` : address;
}

function response({ description, headers = {}, bodies }: Answer): ResponseObject {
  const all = Object.entries({ ...headers, "Cache-Control": NOT_KEPT });
  const shared = { description, headers: Object.fromEntries(all.map(header)) };
  if (!bodies) return shared;
  const content = bodies.map(({ type, schema, examples }) => {
    const values = Object.entries(examples).map(([name, value]) => [name, { value }]);
    return [type, { schema: jsonSchema(schema), examples: Object.fromEntries(values) }];
  });
  return { ...shared, content: Object.fromEntries(content) };
}

function header([name, { description, schema, example }]: [string, AnswerHeader]): [string, HeaderObject] {
  const { description: _, examples: __, ...rest } = jsonSchema(schema);
  return [name, { description, required: !schema.safeParse(undefined).success, schema: rest, example }];
}

function parameters(query: z.ZodObject): ParameterObject[] {
  const { properties = {} } = jsonSchema(query);
  return Object.entries(properties).map(([name, { description = "", examples = [], ...schema }]) => ({
    name,
    in: "query",
    required: !query.shape[name]?.safeParse(undefined).success,
    description,
    schema,
    example: examples[0],
  }));
}

const COMPONENTS = components();

function components(): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [name, schema] of Object.entries(SCHEMAS)) registry.add(schema, { id: name });
  const { schemas } = z.toJSONSchema(registry, { uri: ref });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, inDocument(schema)]));
}

function jsonSchema(schema: z.ZodType): JsonSchema {
  const name = NAMES.get(schema);
  return name === undefined ? inDocument(z.toJSONSchema(schema)) : { $ref: ref(name) };
}

// In the document a schema has its place as its name, and its dialect from OpenAPI.
function inDocument({
  $schema: _,
  $id: __,
  ...schema
}: object & { $schema?: unknown; $id?: unknown }): JsonSchema {
  return schema;
}
