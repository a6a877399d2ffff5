import { ConfigProblems, parseConfig } from "../../src/platform/config";

const noFile = () => {
  throw new Error("no such file");
};
const problems = (env: Record<string, string>, readFile: (file: string) => string = noFile) => {
  try {
    parseConfig(env, readFile);
  } catch (error) {
    if (error instanceof ConfigProblems) return error.problems;
    throw error;
  }
  return [];
};

describe("the configuration", () => {
  it("of an empty environment brings its own Postgres on port 3000", () => {
    const config = parseConfig({ BASE_URL: "" }, noFile);
    expect(config).toMatchObject({
      port: 3000,
      metricsPort: undefined,
      databaseUrl: undefined,
      appSecret: undefined,
      mail: undefined,
      trustProxy: false,
    });
    expect(config.baseUrl.href).toBe("http://localhost:3000/");
    expect(config.dataDir).toMatch(/\/data$/);
  });

  it("tells all problems at once", () => {
    const found = problems({
      PORT: "eighty",
      BASE_URL: "ftp://example.com",
      DATABASE_URL: "mysql://localhost/x",
      SMTP_URL: "mail.example.com",
      MAIL_FROM: "Latchkey",
      LOG_LEVEL: "loud",
    });
    expect(found).toEqual([
      "PORT is not a number",
      "BASE_URL is not an http or https address",
      "DATABASE_URL is not a postgres:// address",
      "SMTP_URL is not an smtp:// or smtps:// address",
      "MAIL_FROM is not an email address: write it as Latchkey <latchkey@example.com>",
      "LOG_LEVEL is not one of fatal, error, warn, info, debug, trace, silent",
      "APP_SECRET is missing: with DATABASE_URL it must be set, 32 characters or more, the same on every replica",
    ]);
  });

  it("tells what does not fit together beside what is wrong by itself, and only of what is right by itself", () => {
    const apart = { BASE_URL: "https://auth.example.com", COOKIE_DOMAIN: "example.org" };
    const ports = { PORT: "3001", METRICS_PORT: "3001" };
    expect(problems({ LOG_LEVEL: "loud", ...apart, ...ports })).toEqual([
      expect.stringContaining("LOG_LEVEL is not one of"),
      expect.stringContaining("METRICS_PORT is the same as PORT"),
      expect.stringContaining("COOKIE_DOMAIN is example.org, but"),
    ]);
    expect(problems({ ...apart, BASE_URL: "ftp://x", PORT: "x", METRICS_PORT: "3000" })).toHaveLength(2);
    expect(problems({ COOKIE_DOMAIN: "com", RETURN_ORIGINS: "https://wiki.example.com" })).toHaveLength(1);
  });

  it.each([
    [{ PORT: "70000" }, "PORT is above 65535"],
    [{ PORT: "1.5" }, "PORT is not a whole number"],
    [{ METRICS_PORT: "9100x" }, "METRICS_PORT is not a number"],
    [{ METRICS_PORT: "0" }, "METRICS_PORT is below 1"],
    [{ METRICS_PORT: "3000" }, "METRICS_PORT is the same as PORT: metrics are served on a port of their own"],
    [{ BASE_URL: "https://example.com/desk" }, "BASE_URL has a path: give the origin only"],
    [
      { TRUST_PROXY: "true,1" },
      "TRUST_PROXY is neither true, false, a number of proxies, nor a list of addresses",
    ],
    [{ SMTP_URL: "smtp://" }, "SMTP_URL is not an smtp:// or smtps:// address"],
    [{ SMTP_URL: "http://mail.example.com" }, "SMTP_URL is not an smtp:// or smtps:// address"],
    [
      { SMTP_URL: "smtp://user:100%@mail.example.com" },
      "SMTP_URL holds a % that is not part of a code like %40: write it as %25",
    ],
    [
      { DATABASE_URL: "postgres://u:p@db/x?ssl=false", APP_SECRET: "x".repeat(32) },
      "DATABASE_URL has an ssl= that means nothing: write sslmode=verify-full for TLS, or sslmode=disable for none",
    ],
    [{ APP_SECRET: "short" }, "APP_SECRET is shorter than 32 characters"],
    [
      { APP_SECRET: "x".repeat(32), APP_SECRET_FILE: "/s" },
      "APP_SECRET and APP_SECRET_FILE are both set: keep one",
    ],
    [{ APP_SECRET_FILE: "/s" }, "APP_SECRET_FILE cannot be read: no such file"],
  ])("refuses %j", (env: Record<string, string>, problem) => {
    expect(problems(env)).toEqual([problem]);
  });

  it("reads secrets from files", () => {
    const files: Record<string, string> = {
      "/db": "postgres://u:p@db/latchkey\n",
      "/secret": `${"s".repeat(40)}\n`,
      "/smtp": "smtps://u:p@mail.example.com\n",
    };
    const config = parseConfig(
      { DATABASE_URL_FILE: "/db", APP_SECRET_FILE: "/secret", SMTP_URL_FILE: "/smtp" },
      (file) => files[file] ?? "",
    );
    expect(config.databaseUrl).toBe("postgres://u:p@db/latchkey");
    expect(config.appSecret).toBe("s".repeat(40));
    expect(config.mail?.smtpUrl).toBe("smtps://u:p@mail.example.com");
  });

  it.each([
    ["https://desk.example.com", undefined, "Latchkey <latchkey@desk.example.com>"],
    ["http://192.0.2.7:3000", undefined, "Latchkey <latchkey@[192.0.2.7]>"],
    ["http://[2001:db8::7]:3000", undefined, "Latchkey <latchkey@[IPv6:2001:db8::7]>"],
    ["https://desk.example.com", "it@example.com", "it@example.com"],
    ["https://desk.example.com", "The IT team <it@example.com>", "The IT team <it@example.com>"],
  ])("sends mail of %s, with MAIL_FROM %j, as %s", (base, sender, from) => {
    const env = { BASE_URL: base, MAIL_FROM: sender, SMTP_URL: "smtp://mail.example.com" };
    expect(parseConfig(env, noFile).mail).toEqual({ smtpUrl: "smtp://mail.example.com", from });
  });

  it.each(["a@b, c@d", "x <a@b> <c@d>", "a@b\r\nBcc: c@d", "@", "a@"])("refuses MAIL_FROM %j", (sender) => {
    expect(problems({ MAIL_FROM: sender })).toHaveLength(1);
  });

  it.each([
    ["true", true],
    ["false", false],
    ["2", 2],
    ["10.0.0.0/8, loopback", "10.0.0.0/8, loopback"],
  ])("understands TRUST_PROXY=%s", (value, expected) => {
    expect(parseConfig({ TRUST_PROXY: value }, noFile).trustProxy).toBe(expected);
  });

  it("takes a domain for the cookie and a list of origins to return to", () => {
    const reach = {
      COOKIE_DOMAIN: ".Example.com",
      RETURN_ORIGINS: "https://wiki.example.com/, https://a.b.example.com:8443,",
    };
    expect(parseConfig({ BASE_URL: "https://auth.example.com", ...reach }, noFile)).toMatchObject({
      cookieDomain: "example.com",
      returnOrigins: ["https://wiki.example.com", "https://a.b.example.com:8443"],
    });
    const own = { BASE_URL: "https://example.com", RETURN_ORIGINS: "https://example.com:8443" };
    expect(parseConfig(own, noFile)).toMatchObject({
      cookieDomain: undefined,
      returnOrigins: ["https://example.com:8443"],
    });
    const plain = { BASE_URL: "http://localhost:3000", RETURN_ORIGINS: "http://localhost:8080" };
    expect(parseConfig(plain, noFile).returnOrigins).toEqual(["http://localhost:8080"]);
    expect(parseConfig({}, noFile)).toMatchObject({ cookieDomain: undefined, returnOrigins: [] });
  });

  it.each([
    "example.de",
    "example.online",
    "intern.example.com",
    "a.b.example.co.uk",
    "xn--bcher-kva.example",
  ])("takes %s for the cookie's domain", (domain) => {
    const env = { BASE_URL: `https://auth.${domain}`, COOKIE_DOMAIN: domain };
    expect(parseConfig(env, noFile).cookieDomain).toBe(domain);
  });

  it.each([
    ...["com", "https://example.com", "example.com:8443", "10.0.0.1", `${"a.".repeat(126)}com`].map(
      (domain) => [{ COOKIE_DOMAIN: domain }, "COOKIE_DOMAIN is not a domain such as example.com"],
    ),
    [
      { COOKIE_DOMAIN: "ample.com" },
      "COOKIE_DOMAIN is ample.com, but the host of BASE_URL, auth.example.com, is not in it",
    ],
    ...[
      "wiki.example.com",
      "https://wiki.example.com/a",
      "https://ada@wiki.example.com",
      "ftp://wiki.example.com",
      "web+https://wiki.example.com/",
    ].map((list) => [
      { COOKIE_DOMAIN: "example.com", RETURN_ORIGINS: list },
      "RETURN_ORIGINS is not a list of addresses such as https://wiki.example.com, with commas between",
    ]),
    [
      { RETURN_ORIGINS: "https://wiki.example.com" },
      "RETURN_ORIGINS has https://wiki.example.com, where the session cookie of auth.example.com does not get: set COOKIE_DOMAIN to the domain that both are in",
    ],
    [
      { COOKIE_DOMAIN: "example.com", RETURN_ORIGINS: "https://example.com,https://wiki.example.org" },
      "RETURN_ORIGINS has https://wiki.example.org, where the session cookie of auth.example.com does not get: set COOKIE_DOMAIN to the domain that both are in",
    ],
    [
      { COOKIE_DOMAIN: "example.com", RETURN_ORIGINS: "http://wiki.example.com" },
      "RETURN_ORIGINS has http://wiki.example.com, but the session cookie only goes over https, as BASE_URL does",
    ],
  ] as [Record<string, string>, string][])("refuses %j", (env, problem) => {
    expect(problems({ BASE_URL: "https://auth.example.com", ...env })).toEqual([problem]);
  });
});
