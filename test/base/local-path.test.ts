import { localPath } from "../../src/base/local-path";

describe("an address to return to", () => {
  it.each(["/", "/profile", "/profile?tab=1&x=%20", "/a/b.c~d"])("%s is kept", (address) => {
    expect(localPath(address, "/fallback")).toBe(address);
  });

  it("is brought into one shape", () => {
    expect(localPath("/a/../profile", "/fallback")).toBe("/profile");
  });

  it.each([
    undefined,
    7,
    ["/profile"],
    "",
    "profile",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "/a\\b",
    "\\\\evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/\n/evil.example",
    " //evil.example",
    "/..//evil.example",
    "/.//evil.example",
    "/é",
    `/${"a".repeat(5000)}`,
  ])("%j is replaced by the fallback", (address) => {
    expect(localPath(address, "/fallback")).toBe("/fallback");
  });
});
