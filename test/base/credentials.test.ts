import { readCredentials } from "../../src/base/credentials";

const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

describe("the credentials of a request", () => {
  it.each([
    [{ authorization: basic("ada@example.com:key") }, { name: "ada@example.com", key: "key" }],
    [
      { authorization: basic("ada@example.com:key").replace("Basic", "bASIC") },
      { name: "ada@example.com", key: "key" },
    ],
    [{ authorization: basic("name:with:colons") }, { name: "name", key: "with:colons" }],
    [{ authorization: basic("größe@example.com:key") }, { name: "größe@example.com", key: "key" }],
    [{ authorization: basic(":key") }, { name: "", key: "key" }],
    [{ authorization: "Bearer key" }, { key: "key" }],
    [{ authorization: "  Bearer   key  " }, { key: "key" }],
    [{ "x-api-key": "key" }, { key: "key" }],
    [{ "x-api-key": " key " }, { key: "key" }],
    [{ authorization: "Bearer one", "x-api-key": "two" }, { key: "one" }],
  ])("in %j are read", (headers, expected) => {
    expect(readCredentials(headers)).toEqual(expected);
  });

  it.each([
    {},
    { authorization: "" },
    { authorization: "Basic" },
    { authorization: basic("no colon") },
    { authorization: "Digest abc" },
    { authorization: "Basic a b" },
    { authorization: "Bearer a b" },
    { authorization: "1 Bearer key" },
    { authorization: basic("name:key").replace("Basic", "Digest") },
    { authorization: "Basic", "x-api-key": "key" },
    { authorization: "Digest abc", "x-api-key": "key" },
    { "x-api-key": ["a", "b"] },
  ])("are not found in %j", (headers) => {
    expect(readCredentials(headers)).toBeUndefined();
  });
});
