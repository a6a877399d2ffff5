import { randomUUID } from "node:crypto";
import { z } from "zod";
import { OWN_ROLES } from "../../base/roles";
import { type ReadForm, readBySchema } from "../../platform/form-errors";
import { emailField, nameField } from "../../platform/form-fields";
import { passwordProblem } from "../../platform/password-strength";

/** The form that invites; `invitation` is the id it gives the invitation, so that sending it twice makes one. */
export const inviteForm = z.object({
  email: emailField("their"),
  role: z.enum(OWN_ROLES, "Choose a role from the list"),
  invitation: z.uuid().catch(() => randomUUID()),
});

export type InviteInput = z.infer<typeof inviteForm>;

const joinSchema = z.object({
  firstName: nameField("first name"),
  lastName: nameField("last name"),
  password: z.string("Enter a password"),
});

/** What somebody who was invited says of themselves. */
export type JoinInput = z.infer<typeof joinSchema>;

/** Reads the form to join with. The password is judged even where another field is wrong, so that all is told at once. */
export function readJoinForm(form: Record<string, string>, email: string): ReadForm<JoinInput> {
  const { firstName = "", lastName = "", password = "" } = form;
  const read = readBySchema(joinSchema, { ...form, password });
  const message = passwordProblem(password, [firstName, lastName, email]);
  if (!message) return read;
  return { ok: false, errors: [...(read.ok ? [] : read.errors), { field: "password", message }] };
}
