/** The longest phone number, in characters after trimming. */
export const PHONE_NUMBER_MAX = 16;

/**
 * Everything wrong with a trimmed phone number, a sentence each, saying what to write instead.
 * Empty for a good number, and for no number at all: a phone number is optional.
 */
export function phoneNumberProblems(phone: string): string[] {
  if (phone === "") return [];
  const problems: string[] = [];
  const length = [...phone].length;
  const strange = /[^0-9 .\-x+]/u.exec(phone.replace(/ext\.?/i, "x"));

  if (/ext/i.test(phone)) problems.push("Write the extension as x5678, without 'ext'");
  else if (phone.includes("X")) problems.push("Write the extension with a small x, as in x5678");
  else if (strange) {
    problems.push(
      `Use digits, with spaces, periods or hyphens between them: ${nameOf(strange[0])} can't be used`,
    );
  } else problems.push(...shapeProblems(phone));

  if (length > PHONE_NUMBER_MAX) {
    problems.push(`Use at most ${PHONE_NUMBER_MAX} characters: this has ${length}`);
  }
  return problems;
}

function nameOf(character: string): string {
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(character) ? `'${character}'` : "a character that cannot be seen";
}

function shapeProblems(phone: string): string[] {
  const extensionAt = phone.indexOf("x");
  const number = extensionAt === -1 ? phone : phone.slice(0, extensionAt).trimEnd();
  const extension = extensionAt === -1 ? undefined : phone.slice(extensionAt + 1);
  const problems: string[] = [];

  if (number === "" && extension !== undefined) {
    problems.push("Write the phone number before the extension, as in 555-1234 x5678");
  } else if (number.slice(1).includes("+")) {
    problems.push("Use + only as the first character, before the country code");
  } else if (!/^\+?[0-9]([0-9 .-]*[0-9])?$/.test(number)) {
    problems.push("Begin and end the number with a digit, with spaces, periods or hyphens only in between");
  }

  if (extension !== undefined) {
    if (/^\s/.test(extension))
      problems.push("Write the extension directly after the x, as x5678, without a space");
    else if (extension === "") problems.push("Write the digits of the extension after the x, as in x5678");
    else if (!/^[0-9]+$/.test(extension)) {
      problems.push("Put the extension at the end, as x and its digits: x5678");
    }
  }
  return problems;
}
