import type { Request } from "express";
import { isStorable } from "../base/plain-text";
import { Refusal } from "../base/refusal";

/** The fields of a sent form by name. */
export type Form = Record<string, string>;

// Their own rules refuse NUL, with a message at the field: nameField and phoneNumberField in platform/form-fields.ts.
const MAY_HOLD_NUL = new Set(["firstName", "lastName", "phoneNumber"]);

/**
 * The fields of a posted form: one text each. Throws a Refusal (400) for a field sent twice, and for NUL and halves of
 * surrogate pairs, which Postgres cannot hold; but for NUL in names and phone numbers.
 */
export function readForm(req: Request): Form {
  return checkFields(req.body ?? {});
}

/** The fields of the query string, under the same rules. */
export function readQuery(req: Request): Form {
  return checkFields(req.query);
}

function checkFields(fields: Record<string, unknown>): Form {
  const form: Form = {};
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value !== "string")
      throw new Refusal(400, "This form sent a field twice. Go back and send it again.");
    const text = MAY_HOLD_NUL.has(name) ? value.replaceAll("\0", "") : value;
    if (!isStorable(text) || !isStorable(name)) {
      throw new Refusal(
        400,
        "This form holds a character that cannot be saved. Go back, retype the field and send it again.",
      );
    }
    form[name] = value;
  }
  return form;
}
