/** True when every half of a surrogate pair has its other half and there is no NUL: text Postgres can hold. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

/**
 * True when the text holds control characters, line separators, or format characters such as those that turn the writing
 * direction. The two joiners may stay: Persian and the scripts of India are not written without them.
 */
export function hasControlCharacters(text: string): boolean {
  return /[\p{Cc}\p{Zl}\p{Zp}]|(?![\u200C\u200D])\p{Cf}/u.test(text);
}

/** True when the text holds any character that shows nothing, joiners too: by these two names look the same. */
export function hasInvisibleCharacters(text: string): boolean {
  return hasControlCharacters(text) || /\p{Default_Ignorable_Code_Point}/u.test(text);
}

/** True when a reader would see something: spaces and joiners alone are not a name. */
export function isVisible(text: string): boolean {
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(text);
}
