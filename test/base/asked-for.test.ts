import { isBrowser, isNavigation, readAskedFor } from "../../src/base/asked-for";

describe("what somebody asked an application for", () => {
  const forwarded = {
    "x-forwarded-uri": "/a?b=c",
    "x-forwarded-host": "app.example.com",
    "x-forwarded-proto": "https",
  };

  it.each([
    [{ ...forwarded, "x-forwarded-method": "POST" }, "https://app.example.com/a?b=c", "POST", true],
    [
      { ...forwarded, "x-original-url": "https://elsewhere.example/" },
      "https://app.example.com/a?b=c",
      "GET",
      true,
    ],
    [{ ...forwarded, "x-forwarded-proto": "https, http" }, "https://app.example.com/a?b=c", "GET", true],
    [{ ...forwarded, "x-forwarded-proto": "https , http" }, "https://app.example.com/a?b=c", "GET", true],
    [{ "x-forwarded-uri": "", "x-original-url": "https://a.example/b" }, "https://a.example/b", "GET", false],
    [{ "x-forwarded-uri": "/a", host: "app.example.com" }, "http://app.example.com/a", "GET", true],
    [
      { "x-original-url": "https://a.example/b", "x-original-method": "PUT" },
      "https://a.example/b",
      "PUT",
      false,
    ],
    [
      {
        "x-original-uri": "/a?b=c",
        host: "app.example.com",
        "x-forwarded-proto": "https",
        "x-original-method": "PUT",
      },
      "https://app.example.com/a?b=c",
      "PUT",
      false,
    ],
    [
      { "x-original-url": "https://a.example/b", "x-original-uri": "/c", host: "app.example.com" },
      "https://a.example/b",
      "GET",
      false,
    ],
    [
      { "x-original-url": "", "x-original-uri": "/c", host: "app.example.com" },
      "http://app.example.com/c",
      "GET",
      false,
    ],
    [{ ...forwarded, "x-original-uri": "/c" }, "https://app.example.com/a?b=c", "GET", true],
    [{ "x-original-uri": "" }, undefined, "GET", true],
    [{}, undefined, "GET", true],
    [{ "x-original-url": "" }, undefined, "GET", true],
  ])("of %j is %s by %s", (headers, url, method, proxyTakesAnyAnswer) => {
    expect(readAskedFor(headers)).toEqual({ url, method, proxyTakesAnyAnswer });
  });
});

describe("a browser on its way to a page", () => {
  const html = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

  it.each([
    [{ accept: html, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" }, true],
    [{ accept: html }, true],
    [{ accept: "text/html", "sec-fetch-mode": "cors" }, true],
    [{ accept: "text/html", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" }, false],
    [{ accept: "image/avif,*/*", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" }, false],
    [{ accept: "text/html, */*; q=0.01", "x-requested-with": "XMLHttpRequest" }, false],
    [{ accept: "*/*" }, false],
    [{}, false],
  ])("with %j: %s", (headers, navigates) => {
    expect(isNavigation(headers)).toBe(navigates);
  });

  it("is a browser, as is a page's script, but not a program", () => {
    expect(isBrowser({ "user-agent": "Mozilla/5.0 (X11)" })).toBe(true);
    expect(isBrowser({ "sec-fetch-dest": "empty" })).toBe(true);
    expect(isBrowser({ "user-agent": "curl/8.0", "sec-fetch-mode": "cors" })).toBe(false);
  });
});
