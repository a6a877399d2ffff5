import { z } from "zod";
import { TWO_FACTOR_POLICIES } from "../../base/two-factor-policy";
import { type ReadForm, readBySchema } from "../../platform/form-errors";
import { emailField, nameField } from "../../platform/form-fields";
import { passwordProblem } from "../../platform/password-strength";

const schema = z.object({
  firstName: nameField("first name"),
  lastName: nameField("last name"),
  email: emailField(),
  password: z.string("Enter a password"),
  twoFactorPolicy: z.enum(
    TWO_FACTOR_POLICIES.map((policy) => policy.value),
    "Choose who needs two-factor authentication",
  ),
});

/** The first administrator, and who needs two-factor authentication. */
export type SetUpInput = z.infer<typeof schema>;

/** Reads the set-up form. The password is judged even where another field is wrong, so that all is told at once. */
export function readSetUpForm(form: Record<string, string>): ReadForm<SetUpInput> {
  const { firstName = "", lastName = "", email = "", password = "" } = form;
  const read = readBySchema(schema, { ...form, password });
  const message = passwordProblem(password, [firstName, lastName, email]);
  if (!message) return read;
  return { ok: false, errors: [...(read.ok ? [] : read.errors), { field: "password", message }] };
}
