import { z } from "zod";
import { emailField } from "../../platform/form-fields";

/** The form of somebody who forgot their password. */
export const forgotPasswordForm = z.object({ email: emailField() });
