/** A JSON Schema, as far as ours go. */
export type JsonSchema = {
  $ref?: string;
  type?: string;
  format?: string;
  description?: string;
  const?: unknown;
  enum?: unknown[];
  examples?: unknown[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  oneOf?: JsonSchema[];
  [keyword: string]: unknown;
};

export type HeaderObject = { description: string; required: boolean; schema: JsonSchema; example: unknown };

export type ResponseObject = {
  description: string;
  headers: Record<string, HeaderObject>;
  content?: Record<string, { schema: JsonSchema; examples: Record<string, { value: unknown }> }>;
};

export type ParameterObject = {
  name: string;
  in: "query";
  required: boolean;
  description: string;
  schema: JsonSchema;
  example: unknown;
};

export type OperationObject = {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  security: Record<string, string[]>[];
  parameters?: ParameterObject[];
  responses: Record<string, ResponseObject>;
  /** How to ask it in a shell, as documentation tools show it. */
  "x-codeSamples"?: { lang: "Shell"; label: string; source: string }[];
};

export type SecurityScheme =
  | { type: "http"; scheme: "basic" | "bearer"; description: string }
  | { type: "apiKey"; in: "header" | "cookie"; name: string; description: string };

/** An OpenAPI 3.1 document, as far as ours goes. */
export type ApiDocument = {
  openapi: string;
  info: { title: string; summary: string; description: string; version: string };
  servers: { url: string; description: string }[];
  tags: { name: string; description: string }[];
  paths: Record<string, { get: OperationObject; head: OperationObject }>;
  components: {
    schemas: Record<string, JsonSchema>;
    securitySchemes: Record<string, SecurityScheme>;
  };
};
