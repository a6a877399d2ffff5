import type { ZxcvbnFactory } from "@zxcvbn-ts/core";

/** The shortest and the longest new password, in characters (NIST SP 800-63B-4 asks for room for at least 64). */
export const PASSWORD_MIN = 12;
export const PASSWORD_MAX = 256;

// zxcvbn's work grows faster than the length, and the first forty characters already decide: at 100 an adversary's password takes seconds.
const JUDGED = 40;
// The library's 100 lets many digits or signs that could stand for letters take a third of a second, and changes no verdict.
const SUBSTITUTIONS = 32;
const GUESSED_TOO_SOON = 3;
const OWN_WORDS_LEAVE = 6;
const OWN_WORDS_MAX = 20;
const OWN_TEXT_MAX = 254;

let judge: ZxcvbnFactory | undefined;

/**
 * What is wrong with a new password, in a sentence saying what to do; `undefined` for a good one. `own` are the
 * person's names and email. No composition rules; common passwords are refused (ASVS 5.0, 6.2.4 and 6.2.11).
 */
export function passwordProblem(password: string, own: string[]): string | undefined {
  const length = [...password].length;
  if (length === 0) return "Enter a password";
  if (length < PASSWORD_MIN) return `Use at least ${PASSWORD_MIN} characters: this has ${length}`;
  if (length > PASSWORD_MAX) return `Use at most ${PASSWORD_MAX} characters: this has ${length}`;
  const words = own
    .map((text) => text.slice(0, OWN_TEXT_MAX))
    .flatMap((text) => [text, ...text.split(/[^\p{L}\p{N}]+/u)])
    .filter((word) => word.length > 2)
    .slice(0, OWN_WORDS_MAX);
  if (withoutWords(password, words).length < OWN_WORDS_LEAVE) {
    return "Choose a password that is not made of your own name or email";
  }
  judge ??= loadJudge();
  const { score } = judge.check(password.slice(0, JUDGED), [...words, "latchkey"]);
  if (score < GUESSED_TOO_SOON)
    return "This password is too easy to guess: choose a less common one, such as four random words";
  return undefined;
}

function withoutWords(password: string, words: string[]): string {
  let rest = password.toLowerCase();
  for (const word of [...words].sort((a, b) => b.length - a.length))
    rest = rest.replaceAll(word.toLowerCase(), "");
  const bare = rest.replace(/[^\p{L}\p{N}]/gu, "");
  // A password without any own word is judged by zxcvbn alone, whatever signs it is made of.
  return rest.length === password.length ? password : bare;
}

// Loaded at the first new password: the dictionaries take 0.1 s and some 60 MB.
function loadJudge(): ZxcvbnFactory {
  const { ZxcvbnFactory } = require("@zxcvbn-ts/core") as typeof import("@zxcvbn-ts/core");
  const common = require("@zxcvbn-ts/language-common") as typeof import("@zxcvbn-ts/language-common");
  const english = require("@zxcvbn-ts/language-en") as typeof import("@zxcvbn-ts/language-en");
  return new ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
    l33tMaxSubstitutions: SUBSTITUTIONS,
  });
}
