import { phoneNumberProblems } from "../../src/base/phone-number";

const UNSEEN =
  "Use digits, with spaces, periods or hyphens between them: a character that cannot be seen can't be used";

describe("a phone number", () => {
  it.each([
    "",
    "5551234",
    "555 123 4567",
    "555.123.4567",
    "555-123-4567",
    "+49 30 1234567",
    "+1-555-123.4567",
    "5551234567x5678",
    "555-1234 x5678",
    "1234567890123456",
    "7",
  ])("%j is taken as it is", (phone) => {
    expect(phoneNumberProblems(phone)).toEqual([]);
  });

  it.each([
    ["555123456789012345", ["Use at most 16 characters: this has 18"]],
    ["12345678901234567", ["Use at most 16 characters: this has 17"]],
    ["555-1234 ext5678", ["Write the extension as x5678, without 'ext'"]],
    ["555-1234 Ext. 56", ["Write the extension as x5678, without 'ext'"]],
    [
      "555-123-4567 ext 5678",
      ["Write the extension as x5678, without 'ext'", "Use at most 16 characters: this has 21"],
    ],
    ["555-1234 x 5678", ["Write the extension directly after the x, as x5678, without a space"]],
    ["555-1234 X5678", ["Write the extension with a small x, as in x5678"]],
    ["555-1234x", ["Write the digits of the extension after the x, as in x5678"]],
    ["x5678", ["Write the phone number before the extension, as in 555-1234 x5678"]],
    ["555x12x34", ["Put the extension at the end, as x and its digits: x5678"]],
    ["555 x12-34", ["Put the extension at the end, as x and its digits: x5678"]],
    ["(555) 1234", ["Use digits, with spaces, periods or hyphens between them: '(' can't be used"]],
    ["555/1234", ["Use digits, with spaces, periods or hyphens between them: '/' can't be used"]],
    ["٥٥٥١٢٣٤", ["Use digits, with spaces, periods or hyphens between them: '٥' can't be used"]],
    ["555\t1234", [UNSEEN]],
    ["555\u00a01234", [UNSEEN]],
    ["55+5", ["Use + only as the first character, before the country code"]],
    ["+", ["Begin and end the number with a digit, with spaces, periods or hyphens only in between"]],
    ["555-", ["Begin and end the number with a digit, with spaces, periods or hyphens only in between"]],
    ["📞555", ["Use digits, with spaces, periods or hyphens between them: '📞' can't be used"]],
  ])("%j is refused with what to write instead", (phone, problems) => {
    expect(phoneNumberProblems(phone)).toEqual(problems);
  });
});
