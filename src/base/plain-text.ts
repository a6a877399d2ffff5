/** True when every half of a surrogate pair has its other half and there is no NUL: text Postgres can hold. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

/** True when the text holds control characters, line separators or marks that turn the writing direction. */
export function hasControlCharacters(text: string): boolean {
  return /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u.test(text);
}

/** True when a reader would see something: spaces and joiners alone are not a name. */
export function isVisible(text: string): boolean {
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(text);
}
