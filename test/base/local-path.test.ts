import { addressOn, localPath, returnAddress } from "../../src/base/local-path";

describe("an address to return to", () => {
  it.each(["/", "/profile", "/profile?tab=1&x=%20", "/a/b.c~d", `/${"a".repeat(3999)}`])(
    "%s is kept",
    (address) => {
      expect(localPath(address, "/fallback")).toBe(address);
    },
  );

  it("is brought into one shape", () => {
    expect(localPath("/a/../profile", "/fallback")).toBe("/profile");
  });

  it.each([
    undefined,
    7,
    ["/profile"],
    "",
    "profile",
    "x/profile",
    `/${"a".repeat(4000)}`,
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

describe("the address to return to after signing in", () => {
  const origins = new Set(["https://wiki.example.com", "http://localhost:8080"]);

  it.each([
    ["/profile?a=1", "/profile?a=1"],
    ["/a?next=https://wiki.example.com/", "/a?next=https://wiki.example.com/"],
    ["https://wiki.example.com", "https://wiki.example.com/"],
    ["https://wiki.example.com/a?b=c%20d#e", "https://wiki.example.com/a?b=c%20d#e"],
    ["HTTPS://WIKI.example.com/a", "https://wiki.example.com/a"],
    ["http://localhost:8080/x", "http://localhost:8080/x"],
    ["https://wiki.example.com:443/x", "https://wiki.example.com/x"],
    [`https://wiki.example.com/${"x".repeat(3975)}`, `https://wiki.example.com/${"x".repeat(3975)}`],
  ])("may be %s", (address, taken) => expect(returnAddress(address, "-", origins)).toBe(taken));

  it.each([
    "http://wiki.example.com/",
    "https://wiki.example.com:444/",
    "https://wiki.example.com.evil.example/",
    "https://wiki.example.com@evil.example/",
    "https://ada:pw@wiki.example.com/",
    "https://ada@wiki.example.com/",
    "https://:pw@wiki.example.com/",
    "https://",
    "https://evil.example/https://wiki.example.com",
    "https://wiki.example.com\\@evil.example/",
    "https:wiki.example.com",
    "//wiki.example.com/",
    "javascript:alert(1)//https://wiki.example.com",
    "https://wiki.example.com/\n",
    " https://wiki.example.com/",
    `https://wiki.example.com/${"x".repeat(3976)}`,
    ["https://wiki.example.com/"],
    undefined,
  ])("may not be %j", (address) => expect(returnAddress(address, "-", origins)).toBe("-"));
});

describe("an address on one of some origins", () => {
  const origins = new Set(["https://wiki.example.com"]);

  it("is read", () =>
    expect(addressOn("https://wiki.example.com/a", origins)?.host).toBe("wiki.example.com"));

  it.each(["blob:https://wiki.example.com/a"])("is not %s, whose page is no page of theirs", (address) =>
    expect(addressOn(address, origins)).toBeUndefined(),
  );
});
