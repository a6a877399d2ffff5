import {
  authenticatorUri,
  describeClock,
  makeAuthenticatorSecret,
  matchingStep,
  normaliseCode,
  stepOfWrongClock,
} from "../../src/platform/one-time-code";

// The secret and the codes of RFC 6238 appendix B (SHA-1), cut to 6 digits.
const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

describe("an authenticator's secret", () => {
  it("is 160 bits in base 32, never the same", () => {
    const secrets = Array.from({ length: 100 }, makeAuthenticatorSecret);
    expect(secrets.filter((secret) => !/^[A-Z2-7]{32}$/.test(secret))).toEqual([]);
    expect(new Set(secrets).size).toBe(100);
  });

  it("stands in the address that apps read, with whose it is and where", () => {
    const uri = new URL(authenticatorUri(SECRET, "ada@example.com", "Latchkey"));
    expect(`${uri.protocol}${uri.host}${decodeURIComponent(uri.pathname)}`).toBe(
      "otpauth:totp/Latchkey:ada@example.com",
    );
    expect([uri.searchParams.get("secret"), uri.searchParams.get("issuer")]).toEqual([SECRET, "Latchkey"]);
  });
});

describe("a one-time code", () => {
  it.each([
    [59, "287082"],
    [1111111109, "081804"],
    [1111111111, "050471"],
    [1234567890, "005924"],
    [2000000000, "279037"],
    [20000000000, "353130"],
  ])("at second %d is the one of RFC 6238", (second, code) => {
    expect(matchingStep(SECRET, code, new Date(second * 1000))).toBe(Math.floor(second / 30));
  });

  it("matches one step early and late and no further", () => {
    const at = (second: number) => matchingStep(SECRET, "050471", new Date(second * 1000));
    const step = Math.floor(1111111111 / 30);
    const [begin, end] = [step * 30, step * 30 + 29];
    expect([at(begin - 30), at(begin), at(end), at(end + 30)]).toEqual([step, step, step, step]);
    expect([at(begin - 31), at(end + 31)]).toEqual([undefined, undefined]);
  });

  it.each([
    ["123456", "123456"],
    [" 123 456 ", "123456"],
    ["123-456", "123456"],
    ["12345", undefined],
    ["1234567", undefined],
    ["１２３４５６", undefined],
    ["12345a", undefined],
  ])("typed as %j is read as %j", (typed, code) => {
    expect(normaliseCode(typed)).toBe(code);
  });

  it("is found for a clock up to 24 minutes off, and no further", () => {
    const step = Math.floor(1111111111 / 30);
    const at = (minutes: number) =>
      stepOfWrongClock(SECRET, "050471", new Date((step * 30 + minutes * 60) * 1000));
    expect([at(-24), at(-5), at(0), at(5), at(24)]).toEqual(Array(5).fill(step));
    expect([at(-25), at(25)]).toEqual([undefined, undefined]);
  });

  it("is found for a clock some whole hours off, up to twelve, and not between them", () => {
    const step = Math.floor(1111111111 / 30);
    const at = (minutes: number) =>
      stepOfWrongClock(SECRET, "050471", new Date((step * 30 + minutes * 60) * 1000));
    expect([-720, -121, -60, 60, 61, 119, 300, 720].map(at)).toEqual(Array(8).fill(step));
    expect([-780, -57, -30, 30, 63, 90, 330, 780].map(at)).toEqual(Array(8).fill(undefined));
  });

  it.each([
    [-48, "about 24 minutes behind"],
    [120, "about 1 hour ahead"],
    [-1442, "about 12 hours behind"],
    [-2, "about 1 minute behind"],
    [3, "about 2 minutes ahead"],
    [20, "about 10 minutes ahead"],
  ])("of a clock %d steps off is called %s", (steps, words) => {
    const now = new Date(1_700_000_017_000);
    expect(describeClock(Math.floor(1_700_000_017 / 30) + steps, now)).toBe(words);
  });
});
