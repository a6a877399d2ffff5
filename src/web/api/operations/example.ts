import type { z } from "zod";

/** The first example that a schema itself gives. */
export function exampleOf(schema: z.ZodType): unknown {
  const { examples } = schema.meta() ?? {};
  return Array.isArray(examples) ? examples[0] : undefined;
}
