import fc from "fast-check";
import { headerValue } from "../../src/base/header-value";

describe("a text as the value of a header", () => {
  it.each([
    ["Ada Lovelace", "Ada Lovelace"],
    ["ada+x@example.com", "ada+x@example.com"],
    ['O\'Brien, "Bo"', 'O\'Brien, "Bo"'],
    ["Zoë", "Zo%C3%AB"],
    ["李", "%E6%9D%8E"],
    ["100%", "100%25"],
    ["a\r\nb\0", "a%0D%0Ab%00"],
    [" x ", "%20x%20"],
    ["👩‍🚀", "%F0%9F%91%A9%E2%80%8D%F0%9F%9A%80"],
  ])("%j is %s", (text, value) => expect(headerValue(text)).toBe(value));

  it("is printable ASCII and gives the text back, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(headerValue(text)).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeURIComponent(headerValue(text))).toBe(text);
      }),
    );
  });

  it("is also one for half a surrogate pair, which is no character", () => {
    expect(headerValue("a\ud83db")).toBe("a%EF%BF%BDb");
  });
});
