import { z } from "zod";
import { hasControlCharacters, isVisible } from "../../base/plain-text";
import { isUuid } from "../../base/uuid";
import { nameField, phoneNumberField, sessionTimeoutField, versionField } from "../../platform/form-fields";

const REASON_MAX = 500;

/** An administrator's form with somebody's details; `version` is the one it was drawn from. */
export const detailsForm = z.object({
  firstName: nameField("first name", "their"),
  lastName: nameField("last name", "their"),
  phoneNumber: phoneNumberField,
  sessionTimeout: sessionTimeoutField,
  version: versionField,
});

/** Why two-factor authentication is reset; it stands in the trail. */
export const reasonForm = z.object({
  reason: z
    .string("Enter the reason, for the record")
    .trim()
    .superRefine((reason, context) => {
      const length = [...reason].length;
      if (!isVisible(reason)) context.addIssue("Enter the reason, for the record");
      else if (length > REASON_MAX)
        context.addIssue(`Use at most ${REASON_MAX} characters: this has ${length}`);
      else if (hasControlCharacters(reason)) context.addIssue("Write the reason in one line of plain text");
    }),
});

/** The ids of the people ticked in the list, whose checkboxes are called person-<id>. */
export function readTicked(form: Record<string, string>): string[] {
  return Object.keys(form)
    .filter((name) => name.startsWith("person-"))
    .map((name) => name.slice("person-".length).toLowerCase())
    .filter(isUuid);
}
