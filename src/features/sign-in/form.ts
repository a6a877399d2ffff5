import { z } from "zod";

/** The sign-in form. Whatever is typed is looked up: only what is missing is told apart. */
export const signInForm = z.object({
  email: z.string("Enter your email").trim().min(1, "Enter your email"),
  password: z.string("Enter your password").min(1, "Enter your password"),
});
