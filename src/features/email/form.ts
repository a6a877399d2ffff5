import { z } from "zod";
import { emailField } from "../../platform/form-fields";

/** The form that asks for another email. */
export const emailForm = z.object({ newEmail: emailField("your new") });
