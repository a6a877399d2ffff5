import Ajv2020, { type ValidateFunction } from "ajv/dist/2020";
import addFormats from "ajv-formats";

type Schema = Record<string, unknown>;
type Header = { required?: boolean; schema: Schema; example?: unknown };
type Described = {
  description: string;
  headers?: Record<string, Header>;
  content?: Record<string, { schema: Schema; examples: Record<string, { value: unknown }> }>;
};
type DescribedOperation = {
  operationId: string;
  summary: string;
  description: string;
  security: Record<string, string[]>[];
  parameters?: { name: string; in: string; required: boolean; schema: Schema; example: unknown }[];
  responses: Record<string, Described>;
};
type Scheme = { type: "http"; scheme: string } | { type: "apiKey"; in: string; name: string };
type Document = {
  servers: { url: string }[];
  paths: Record<string, Record<string, DescribedOperation>>;
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, Scheme> };
};

/** What is shown to a security scheme: the key or cookie, and for HTTP Basic a name. */
export type Shown = { secret: string; name?: string };

export type ApiAnswer = { status: number; headers: Headers; body: unknown };

/**
 * A client that knows nothing but an OpenAPI document: where to ask, how to show a key, what may come back. An answer
 * that the document does not allow, by status, header or body, is an error that says so.
 */
export class ApiClient {
  readonly operations: readonly (DescribedOperation & { method: string; path: string })[];
  readonly #ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }));

  constructor(readonly document: Document) {
    this.operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ ...operation, method, path })),
    );
  }

  /** Reads the document at an address. */
  static async from(address: string): Promise<ApiClient> {
    return new ApiClient((await (await fetch(address)).json()) as Document);
  }

  operation(id: string) {
    const found = this.operations.find(({ operationId }) => operationId === id);
    if (!found) throw new Error(`The document has no operation ${id}`);
    return found;
  }

  /** What is wrong with a value by a schema of the document; undefined for nothing. */
  problem(schema: Schema, value: unknown): string | undefined {
    const validate: ValidateFunction = this.#ajv.compile({ ...schema, components: this.document.components });
    return validate(value) ? undefined : this.#ajv.errorsText(validate.errors);
  }

  /** Asks; `by` names the security scheme by which `shown` is shown. Other headers go along as given. */
  async ask(
    id: string,
    {
      by,
      shown,
      query = {},
      headers = {},
    }: {
      by?: string;
      shown?: Shown;
      query?: Record<string, string[]>;
      headers?: Record<string, string>;
    } = {},
  ): Promise<ApiAnswer> {
    const operation = this.operation(id);
    if (by !== undefined && !operation.security.some((one) => by in one))
      throw new Error(`${id} cannot be asked by ${by}`);
    const url = new URL(operation.path, this.document.servers[0]?.url);
    for (const [name, values] of Object.entries(query)) {
      if (!operation.parameters?.some((parameter) => parameter.in === "query" && parameter.name === name))
        throw new Error(`${id} has no parameter ${name}`);
      for (const value of values) url.searchParams.append(name, value);
    }
    const response = await fetch(url, {
      method: operation.method.toUpperCase(),
      redirect: "manual",
      headers: { ...headers, ...(by && shown && this.#credentials(by, shown)) },
    });
    return this.#check(operation, response);
  }

  #credentials(by: string, { secret, name = "" }: Shown): Record<string, string> {
    const scheme = this.document.components.securitySchemes[by];
    if (scheme?.type === "http" && scheme.scheme === "basic")
      return { authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString("base64")}` };
    if (scheme?.type === "http") return { authorization: `${scheme.scheme} ${secret}` };
    if (scheme?.in === "cookie") return { cookie: `${scheme.name}=${secret}` };
    if (scheme?.in === "header") return { [scheme.name]: secret };
    throw new Error(`The document does not say how to show something by ${by}`);
  }

  async #check(operation: DescribedOperation, response: Response): Promise<ApiAnswer> {
    const { status, headers } = response;
    const text = await response.text();
    const complain = (what: string): never => {
      throw new Error(`${operation.operationId} answered ${status}: ${what}`);
    };
    const described = operation.responses[status] ?? complain("the document has no such status");
    for (const [name, { required, schema }] of Object.entries(described.headers ?? {})) {
      const found = headers.get(name);
      if (found === null) {
        if (required) complain(`${name} is missing`);
        continue;
      }
      const wrong = this.problem(schema, schema.type === "integer" ? Number(found) : found);
      if (wrong) complain(`${name} is ${found}: ${wrong}`);
    }
    if (headers.has("set-cookie")) complain("it sets a cookie");
    if (!described.content) {
      if (text !== "") complain(`it has a body: ${text.slice(0, 200)}`);
      return { status, headers, body: undefined };
    }
    const [type = "", charset] = (headers.get("content-type") ?? "none").split("; ");
    const content = described.content[type];
    if (!content || charset !== "charset=utf-8")
      return complain(`its type is ${headers.get("content-type")}`);
    const body = type === "application/json" ? JSON.parse(text) : text;
    const wrong = this.problem(content.schema, body);
    if (wrong) complain(`its body is not as described: ${wrong}`);
    return { status, headers, body };
  }
}
