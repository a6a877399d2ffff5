import { z } from "zod";
import { nameField, phoneNumberField, sessionTimeoutField, versionField } from "../../platform/form-fields";

/** The profile form; `version` is the one the form was drawn from. */
export const profileForm = z.object({
  firstName: nameField("first name"),
  lastName: nameField("last name"),
  phoneNumber: phoneNumberField,
  sessionTimeout: sessionTimeoutField,
  version: versionField,
});
