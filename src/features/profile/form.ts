import { z } from "zod";
import { phoneNumberProblems } from "../../base/phone-number";
import { SESSION_TIMEOUTS } from "../../base/session-timeout";
import { nameField } from "../../platform/form-fields";

const SECONDS = SESSION_TIMEOUTS.map((timeout) => String(timeout.seconds));

// The largest integer of Postgres; beyond it the comparison itself would fail.
const VERSION_MAX = 2_147_483_647;

/** The profile form; `version` is the one the form was drawn from. */
export const profileForm = z.object({
  firstName: nameField("first name"),
  lastName: nameField("last name"),
  phoneNumber: z
    .string("Enter your phone number, or leave the field empty")
    .trim()
    .superRefine((phone, context) => {
      const problems = phoneNumberProblems(phone);
      if (problems.length > 0) context.addIssue(problems.join(". "));
    }),
  sessionTimeout: z.enum(SECONDS, "Choose a session timeout from the list").transform(Number),
  version: z.coerce.number().int().min(0).max(VERSION_MAX).catch(0),
});
