import { STATUS_CODES } from "node:http";
import { onceFor } from "../../base/once-for";
import type { ApiDocument, OperationObject, ResponseObject, SecurityScheme } from "./document-shape";
import { nameIn, type SchemaInWords, schemaInWords, typeInWords } from "./schema-in-words";

/** A header of answers: whether it is always there, and whether it always says the same. */
export type HeaderInWords = {
  name: string;
  description: string;
  example: string;
  always: boolean;
  fixed: boolean;
};

/** One answer in words: when, with which headers, and with what body. */
export type AnswerInWords = {
  status: string;
  title: string;
  description: string;
  headers: HeaderInWords[];
  /** What the body may be: a schema of the document by name, or a media type; empty for none. */
  bodies: { schema?: string; type: string }[];
};

/** One thing programs may ask, at one address or several. */
export type EndpointInWords = {
  id: string;
  methods: string;
  paths: string[];
  summary: string;
  description: string[];
  /** Which ways there are to show who asks; empty for anybody. */
  shown: string[];
  parameters: { name: string; type: string; required: boolean; description: string }[];
  answers: AnswerInWords[];
  /** Each header of the answers once. */
  headers: HeaderInWords[];
  samples: { label: string; source: string }[];
  examples: { title: string; text: string }[];
};

/** What the page about the API shows. */
export type DocumentInWords = {
  version: string;
  server: string;
  description: string[];
  ways: { name: string; header: string; description: string }[];
  groups: { name: string; description: string; endpoints: EndpointInWords[] }[];
  schemas: SchemaInWords[];
};

/** Puts an OpenAPI document into the words of a page. Operations that differ by their address alone are told of together. */
export const inWords = onceFor(putInWords);

function putInWords(document: ApiDocument): DocumentInWords {
  const { info, servers, tags, paths, components } = document;
  const ways = Object.entries(components.securitySchemes).map(([name, scheme]) => ({
    id: name,
    ...wayInWords(scheme),
    description: scheme.description,
  }));
  const nameOf = new Map(ways.map(({ id, name }) => [id, name]));
  const endpoints = sameTogether(paths).map(([places, item]) => {
    const shown = item.get.security.flatMap((one) => Object.keys(one).map((id) => nameOf.get(id) ?? id));
    const methods = Object.keys(item).map((method) => method.toUpperCase());
    return { tag: item.get.tags[0], ...endpointInWords(item.get, { methods, places, shown }) };
  });
  return {
    version: info.version,
    server: servers[0]?.url ?? "",
    description: info.description.split("\n\n"),
    ways,
    groups: tags.map(({ name, description }) => ({
      name,
      description,
      endpoints: endpoints.filter(({ tag }) => tag === name),
    })),
    schemas: Object.entries(components.schemas).map(([name, schema]) => schemaInWords(name, schema)),
  };
}

type Paths = ApiDocument["paths"];

function sameTogether(paths: Paths): [places: string[], item: Paths[string]][] {
  const found = new Map<string, [string[], Paths[string]]>();
  for (const [place, item] of Object.entries(paths)) {
    const { operationId: _, "x-codeSamples": __, ...rest } = item.get;
    const like = JSON.stringify(rest);
    const known = found.get(like);
    if (known) known[0].push(place);
    else found.set(like, [[place], item]);
  }
  return [...found.values()];
}

function wayInWords(scheme: SecurityScheme): { name: string; header: string } {
  if (scheme.type === "apiKey")
    return scheme.in === "header"
      ? { name: scheme.name, header: `${scheme.name}: KEY` }
      : { name: "Session cookie", header: `Cookie: ${scheme.name}=…` };
  return scheme.scheme === "basic"
    ? { name: "HTTP Basic", header: "Authorization: Basic BASE64(NAME:KEY)" }
    : { name: "Bearer", header: "Authorization: Bearer KEY" };
}

function endpointInWords(
  operation: OperationObject,
  { methods, places, shown }: { methods: string[]; places: string[]; shown: string[] },
): EndpointInWords {
  const responses = Object.entries(operation.responses);
  const answers = responses.map(([status, answer]) => answerInWords(status, answer));
  const headers = answers.flatMap((answer) => answer.headers.map((header) => [header.name, header] as const));
  return {
    id: operation.operationId,
    methods: methods.join(", "),
    paths: places,
    summary: operation.summary,
    description: operation.description.split("\n\n"),
    shown,
    parameters: (operation.parameters ?? []).map(({ schema, ...parameter }) => ({
      ...parameter,
      type: `${typeInWords(schema)}${schema.type === "array" ? ", given once for each" : ""}`,
    })),
    answers,
    headers: [...new Map(headers).values()],
    samples: operation["x-codeSamples"] ?? [],
    examples: responses.flatMap(([status, answer]) => examplesOf(status, answer)),
  };
}

function answerInWords(
  status: string,
  { description, headers, content = {} }: ResponseObject,
): AnswerInWords {
  const bodies = Object.entries(content).map(([type, body]) => ({
    type,
    ...(body.schema.$ref && { schema: nameIn(body.schema.$ref) }),
  }));
  return {
    status,
    title: STATUS_CODES[status] ?? "",
    description,
    headers: Object.entries(headers).map(([name, header]) => ({
      name,
      description: header.description,
      example: String(header.example),
      always: header.required,
      fixed: header.schema.const !== undefined,
    })),
    bodies,
  };
}

function examplesOf(status: string, { content = {} }: ResponseObject): { title: string; text: string }[] {
  return Object.entries(content).flatMap(([type, { examples }]) =>
    Object.entries(examples).map(([name, { value }]) => ({
      title: `${status}: ${name}`,
      text: type === "application/json" ? JSON.stringify(value, null, 2) : String(value).trimEnd(),
    })),
  );
}
