import { z } from "zod";
import { hasControlCharacters, isVisible } from "../base/plain-text";

const NAME_MAX = 100;
const EMAIL_MAX = 254;

/** A first or last name: 1 to 100 characters after trimming, any script, no control characters. */
export function nameField(called: string) {
  return z
    .string(`Enter your ${called}`)
    .trim()
    .superRefine((name, context) => {
      const length = [...name].length;
      if (!isVisible(name)) context.addIssue(`Enter your ${called}`);
      else if (length > NAME_MAX)
        context.addIssue(`Use at most ${NAME_MAX} characters for your ${called}: this has ${length}`);
      else if (hasControlCharacters(name)) {
        context.addIssue(`Type your ${called} again: it holds a character that cannot be seen`);
      }
    });
}

/** An email address, at most 254 characters (RFC 5321 section 4.5.3.1), kept as typed but for spaces around it. */
export const emailField = z
  .string("Enter your email")
  .trim()
  .superRefine((email, context) => {
    const length = [...email].length;
    if (email === "") context.addIssue("Enter your email");
    else if (length > EMAIL_MAX) context.addIssue(`Use at most ${EMAIL_MAX} characters: this has ${length}`);
    else if (
      !/^[^\s@:,;<>()"[\]\\]+@[^\s@:,;<>()"[\]\\]+\.[^\s@:,;<>()"[\]\\.]+$/.test(email) ||
      hasControlCharacters(email)
    ) {
      context.addIssue("Enter an email address like name@example.com");
    }
  });
