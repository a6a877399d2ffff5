import { z } from "zod";
import { OWN_ROLES } from "../../base/roles";
import { ABSOLUTE_LIFETIMES } from "../../base/session-timeout";
import { TWO_FACTOR_POLICIES } from "../../base/two-factor-policy";
import { sessionTimeoutField, versionField } from "../../platform/form-fields";

const NAME_MAX = 50;

/** The settings form; `version` is the one the form was drawn from. */
export const settingsForm = z.object({
  longestSessionTimeout: sessionTimeoutField,
  longestSessionTimeoutAdministrators: sessionTimeoutField,
  absoluteLifetime: z
    .enum(
      ABSOLUTE_LIFETIMES.map(({ seconds }) => String(seconds)),
      "Choose how long somebody stays signed in at most",
    )
    .transform(Number),
  twoFactorPolicy: z.enum(
    TWO_FACTOR_POLICIES.map((policy) => policy.value),
    "Choose who needs two-factor authentication",
  ),
  version: versionField,
});

/** The name of a role for applications: what can stand in an HTTP header, without a comma. */
export const roleForm = z.object({
  name: z
    .string("Enter a name for the role")
    .trim()
    .superRefine((name, context) => {
      const length = [...name].length;
      if (length === 0) context.addIssue("Enter a name for the role");
      else if (length > NAME_MAX) context.addIssue(`Use at most ${NAME_MAX} characters: this has ${length}`);
      else if (!/^[A-Za-z0-9 ._:-]+$/.test(name))
        context.addIssue("Use the letters A to Z, digits, spaces, periods, underscores, hyphens and colons");
      else if (OWN_ROLES.some((own) => own.toLowerCase() === name.toLowerCase()))
        context.addIssue(`${name} is one of Latchkey’s own roles: choose another name`);
    }),
});
