const TEXT_MAX = 200;
const WORDS_MAX = 6;

/** The words of a search: at most six, of the first 200 characters. */
export function searchWords(text: string): string[] {
  return text.slice(0, TEXT_MAX).split(/\s+/).filter(Boolean).slice(0, WORDS_MAX);
}

/**
 * The LIKE pattern that finds a word anywhere in a text that begins with a space. One or two letters are found where a
 * word begins: inside one they have no trigram, so no index could find them.
 */
export function likePattern(word: string): string {
  const text = word.replaceAll(/[\\%_]/g, "\\$&");
  return [...word].length < 3 ? `% ${text}%` : `%${text}%`;
}
