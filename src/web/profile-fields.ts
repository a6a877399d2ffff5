import type { Person } from "../base/person";
import { describeTimeout } from "../base/session-timeout";
import type { FormErrors } from "../platform/form-errors";
import type { ProfileField } from "./change-profile";
import type { Form } from "./read-form";

const LABELS: Record<ProfileField, string> = {
  firstName: "First Name",
  lastName: "Last Name",
  phoneNumber: "Phone Number",
  sessionTimeout: "Session Timeout",
};

/** A person's profile as the fields of its form. */
export function asForm(person: Person): Form {
  const { firstName, lastName, phoneNumber, sessionTimeout, version } = person;
  return {
    firstName,
    lastName,
    phoneNumber,
    sessionTimeout: String(sessionTimeout),
    version: String(version),
  };
}

/** Says which fields a save changed. */
export function savedNotice(changed: ProfileField[]): string {
  if (changed.length === 0) return "Nothing was changed: everything is as it was.";
  const names = new Intl.ListFormat("en").format(changed.map((field) => LABELS[field]));
  return `Saved: ${names}.`;
}

/** At each field that a stale form would change, what it holds by now. */
export function staleErrors(current: Person, form: Form): FormErrors {
  const now = asForm(current);
  const shown: Form = { ...now, sessionTimeout: describeTimeout(current.sessionTimeout) };
  return (Object.keys(LABELS) as ProfileField[])
    .filter((field) => now[field] !== form[field]?.trim())
    .map((field) => ({ field, message: `${LABELS[field]} is now: ${shown[field] || "empty"}` }));
}
