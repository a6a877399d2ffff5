/** How long a form is kept, in seconds. */
export const PARKED_SECONDS = 15 * 60;

/** The fields of a sent form that are never kept: secrets, and what the next drawing of the page makes anew. */
const NEVER_KEPT = new Set([
  "_csrf",
  "password",
  "currentPassword",
  "newPassword",
  "code",
  "recoveryCode",
  "token",
  "secondFactor",
  "replaces",
  "link",
  "invitation",
  "return",
  "back",
]);

// What a form carries without anybody having typed or chosen it.
const NOT_TYPED = new Set(["version", "was", "id"]);

/** True for a field that may be kept while somebody signs in again. */
export function mayBeKept(field: string, value: string): boolean {
  return !NEVER_KEPT.has(field) && !/password/i.test(field) && !/lk[0-9A-Za-z]{46}/.test(value);
}

/** The part of a sent form that is kept while somebody signs in again; undefined when nothing typed is left. */
export function fieldsToPark(form: Record<string, string>): Record<string, string> | undefined {
  const kept = Object.entries(form).filter(([field, value]) => mayBeKept(field, value));
  return kept.some(([field]) => !NOT_TYPED.has(field)) ? Object.fromEntries(kept) : undefined;
}
