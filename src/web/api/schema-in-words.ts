import type { JsonSchema } from "./document-shape";

/** A schema of the document in words: its fields, or what it is one of. */
export type SchemaInWords = {
  name: string;
  description: string;
  oneOf: string[];
  fields: { name: string; type: string; required: boolean; description: string }[];
};

/** Puts a schema into words. */
export function schemaInWords(name: string, schema: JsonSchema): SchemaInWords {
  return {
    name,
    description: schema.description ?? "",
    oneOf: (schema.oneOf ?? []).map(({ $ref = "" }) => nameIn($ref)),
    fields: fieldsOf(schema),
  };
}

// A field of an object inside is told of by its path.
function fieldsOf({ properties = {}, required = [] }: JsonSchema, before = ""): SchemaInWords["fields"] {
  return Object.entries(properties).flatMap(([field, schema]) => {
    const name = before + field;
    const inside = schema.items?.properties ? `${name}[].` : `${name}.`;
    return [
      {
        name,
        type: typeInWords(schema),
        required: required.includes(field),
        description: schema.description ?? "",
      },
      ...fieldsOf(schema.items ?? schema, inside),
    ];
  });
}

/** What a value of this schema is, in a word or two. */
export function typeInWords(schema: JsonSchema): string {
  if (schema.const !== undefined) return `always ${JSON.stringify(schema.const)}`;
  if (schema.type === "array") return `list of ${typeInWords(schema.items ?? {})}s`;
  if (schema.format === "uuid") return "UUID";
  return { string: "text", integer: "whole number", object: "object" }[schema.type ?? ""] ?? "any";
}

/** The name of the schema a reference leads to. */
export function nameIn(reference: string): string {
  return reference.split("/").pop() ?? "";
}
