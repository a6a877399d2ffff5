import { z } from "zod";
import { hasControlCharacters, hasInvisibleCharacters, isVisible } from "../../base/plain-text";
import { versionField } from "../../platform/form-fields";

const NAME_MAX = 100;
const PURPOSE_MAX = 300;

const UNSEEN = "Type this again: it holds a character that cannot be seen";

const ROLE = "role:";

/** The form of a service account; `roles` are the names that can be chosen, `version` the one it was drawn from. */
export function serviceAccountForm(roles: readonly string[]) {
  return z.object({
    name: textField("a name", NAME_MAX).superRefine((name, context) => {
      if (name.includes(":"))
        context.addIssue("Leave out the colon: programs send the name, then a colon, then the key");
      else if (name.includes("@"))
        context.addIssue("Leave out the @: a name must not look like a person's email");
      else if (hasInvisibleCharacters(name)) context.addIssue(UNSEEN);
    }),
    purpose: textField("what the account is for", PURPOSE_MAX),
    responsible: z
      .string("Enter the email of the person responsible")
      .trim()
      .min(1, "Enter the email of the person responsible"),
    roles: z.array(z.string().refine((role) => roles.includes(role), "Choose roles from the list")),
    version: versionField,
  });
}

export type ServiceAccountInput = z.infer<ReturnType<typeof serviceAccountForm>>;

/** The field name of a role's checkbox. */
export function roleField(role: string): string {
  return `${ROLE}${role}`;
}

/** The roles whose checkboxes a sent form holds. */
export function tickedRoles(form: Record<string, string>): string[] {
  return Object.keys(form)
    .filter((field) => field.startsWith(ROLE))
    .map((field) => field.slice(ROLE.length))
    .sort();
}

function textField(what: string, most: number) {
  return z
    .string(`Enter ${what}`)
    .trim()
    .normalize()
    .superRefine((text, context) => {
      const length = [...text].length;
      if (!isVisible(text)) context.addIssue(`Enter ${what}`);
      else if (length > most) context.addIssue(`Use at most ${most} characters: this has ${length}`);
      else if (hasControlCharacters(text)) context.addIssue(UNSEEN);
    });
}
