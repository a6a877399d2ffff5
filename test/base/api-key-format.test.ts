import { crc32 } from "node:zlib";
import { apiKeyId, hashApiKey, makeApiKey, typedKeyId } from "../../src/base/api-key-format";

/** The text with the checksum that makes a key of it, if nothing else is wrong. */
function withChecksum(body: string): string {
  const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  let [rest, sum] = [crc32(body), ""];
  for (; sum.length < 6; rest = Math.floor(rest / 62)) sum = alphabet.charAt(rest % 62) + sum;
  return body + sum;
}

describe("an API key", () => {
  it("is 48 letters and digits, begins with lk and its id, and looks like base64", () => {
    for (let i = 0; i < 200; i++) {
      const { key, id } = makeApiKey();
      expect(key).toMatch(/^lk[0-9A-Za-z]{46}$/);
      expect(key.slice(2, 10)).toBe(id);
      expect(Buffer.from(key, "base64").toString("base64")).toBe(key);
    }
  });

  it("ends with the CRC-32 of the rest in base 62", () => {
    const { key } = makeApiKey();
    const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const sum = [...key.slice(42)].reduce((total, c) => total * 62 + alphabet.indexOf(c), 0);
    expect(sum).toBe(crc32(key.slice(0, 42)));
  });

  it("never comes twice, and its hash is that of the whole key", () => {
    const keys = Array.from({ length: 500 }, makeApiKey);
    expect(new Set(keys.map((made) => made.key)).size).toBe(500);
    expect(keys.every((made) => made.hash.equals(hashApiKey(made.key)))).toBe(true);
  });

  it("is told apart from any text with one character changed, lost, added or two swapped", () => {
    const { key, id } = makeApiKey();
    expect(apiKeyId(key)).toBe(id);
    for (let at = 0; at < key.length; at++) {
      const other = key[at] === "q" ? "r" : "q";
      expect(apiKeyId(key.slice(0, at) + other + key.slice(at + 1))).toBeUndefined();
      expect(apiKeyId(key.slice(0, at) + key.slice(at + 1))).toBeUndefined();
      expect(apiKeyId(`${key.slice(0, at)}q${key.slice(at)}`)).toBeUndefined();
      const swapped = key.slice(0, at) + (key[at + 1] ?? "") + key[at] + key.slice(at + 2);
      if (swapped !== key) expect(apiKeyId(swapped)).toBeUndefined();
    }
  });

  it.each(["", "lk", "x".repeat(48), "Sunshine-Harbour-42", `lk${"é".repeat(46)}`])("is not %j", (text) => {
    expect(apiKeyId(text)).toBeUndefined();
  });

  it("is not any text with the right checksum: it has 48 letters and digits and begins with lk", () => {
    expect(apiKeyId(withChecksum(`lk${"a".repeat(40)}`))).toBe("aaaaaaaa");
    const wrong = [39, 41, 4000].map((length) => `lk${"a".repeat(length)}`);
    for (const body of [...wrong, `sk${"a".repeat(40)}`, `lk${"a".repeat(39)}-`, `lk${"a".repeat(39)}é`])
      expect(apiKeyId(withChecksum(body))).toBeUndefined();
  });
});

describe("the id of an API key", () => {
  it.each([
    ["lk8sNw2Q1x", "8sNw2Q1x"],
    [" 8sNw2Q1x ", "8sNw2Q1x"],
    ["lk8sNw2Q1x…", "8sNw2Q1x"],
    ["lkNw2Q1x", "lkNw2Q1x"],
    ["lovelace", "lovelace"],
    ["8sNw2Q1", undefined],
    ["lk8sNw2Q1xy", undefined],
    ["LK8sNw2Q1x", undefined],
    ["ada grace", undefined],
    ["", undefined],
  ])("typed as %j is %s", (typed, id) => {
    expect(typedKeyId(typed)).toBe(id);
  });
});
