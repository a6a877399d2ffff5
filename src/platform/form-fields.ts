import { domainToASCII, domainToUnicode } from "node:url";
import { z } from "zod";
import { phoneNumberProblems } from "../base/phone-number";
import { hasControlCharacters, hasInvisibleCharacters, isVisible } from "../base/plain-text";
import { SESSION_TIMEOUTS } from "../base/session-timeout";

const NAME_MAX = 100;
const EMAIL_MAX = 254;

/** A first or last name, one's own unless `whose` says so: 1 to 100 characters after trimming, any script, no control characters. */
export function nameField(called: string, whose: "your" | "their" = "your") {
  return z
    .string(`Enter ${whose} ${called}`)
    .trim()
    .superRefine((name, context) => {
      const length = [...name].length;
      if (!isVisible(name)) context.addIssue(`Enter ${whose} ${called}`);
      else if (length > NAME_MAX)
        context.addIssue(`Use at most ${NAME_MAX} characters for ${whose} ${called}: this has ${length}`);
      else if (hasControlCharacters(name)) {
        context.addIssue(`Type ${whose} ${called} again: it holds a character that cannot be seen`);
      }
    });
}

/**
 * An email address, at most 254 characters (RFC 5321 section 4.5.3.1), kept as typed but for spaces around it; `whose`
 * email it is, "your" unless given, for the words that ask for it.
 */
export function emailField(whose = "your") {
  const missing = `Enter ${whose} email`;
  return z
    .string(missing)
    .trim()
    .superRefine((email, context) => {
      const length = [...email].length;
      if (email === "") context.addIssue(missing);
      else if (length > EMAIL_MAX)
        context.addIssue(`Use at most ${EMAIL_MAX} characters: this has ${length}`);
      else if (hasInvisibleCharacters(email)) {
        context.addIssue("Type the email again by hand: it holds a character that cannot be seen");
      } else if (!isEmail(email)) context.addIssue("Enter an email address like name@example.com");
    });
}

// Dots stand between parts, never two in a row; the domain, in whatever script, has to have the form of a host name.
function isEmail(text: string): boolean {
  const [, domain = ""] = /^(?!\.)(?!.*\.[.@])[^\s@:,;<>()"[\]\\]+@([^\s@:/?#%\\]+)$/.exec(text) ?? [];
  const host = domainToASCII(domain);
  if (!/^(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)(?![0-9]+$)[a-z0-9-]{1,63}(?<!-)$/.test(host)) return false;
  // Some versions of Node hand one that stands for nothing back as it is, instead of refusing it.
  return !/(?:^|\.)xn--/.test(domainToUnicode(host));
}

/** A phone number, or none: the rules of base/phone-number, all that is wrong in one message. */
export const phoneNumberField = z
  .string("Enter a phone number, or leave the field empty")
  .trim()
  .superRefine((phone, context) => {
    const problems = phoneNumberProblems(phone);
    if (problems.length > 0) context.addIssue(problems.join(". "));
  });

/** One of the session timeouts of the drop-down, in seconds. */
export const sessionTimeoutField = z
  .enum(
    SESSION_TIMEOUTS.map((timeout) => String(timeout.seconds)),
    "Choose a session timeout from the list",
  )
  .transform(Number);

/** The version a form was drawn from; what cannot be one (Postgres holds 32 bits) is 0, which is always stale. */
export const versionField = z.coerce.number().int().min(0).max(2_147_483_647).catch(0);
