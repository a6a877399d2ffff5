import type { z } from "zod";

/** What is wrong with a sent form: the field's name and a sentence saying what to write instead. */
export type FormErrors = { field: string; message: string }[];

/** A sent form as typed input, or everything that is wrong with it. */
export type ReadForm<Input> = { ok: true; input: Input } | { ok: false; errors: FormErrors };

/** Reads a sent form by its schema; of several mistakes in one field the first is told. */
export function readBySchema<Schema extends z.ZodType>(
  schema: Schema,
  form: unknown,
): ReadForm<z.infer<Schema>> {
  const parsed = schema.safeParse(form);
  if (parsed.success) return { ok: true, input: parsed.data };
  const errors: FormErrors = [];
  for (const issue of parsed.error.issues) {
    const field = String(issue.path[0] ?? "");
    if (!errors.some((known) => known.field === field)) errors.push({ field, message: issue.message });
  }
  return { ok: false, errors };
}
