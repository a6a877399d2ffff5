import path from "node:path";
import type { z } from "zod";
import { problemsOfReach } from "../../base/cookie-reach";
import { mailHost } from "../../base/mail-host";
import { SETTINGS, schema } from "./schema";

export { SETTINGS, type Setting, SHORTEST_PASSPHRASE } from "./schema";

/** What the environment says, checked. */
export type Config = {
  port: number;
  host: string | undefined;
  /** Where metrics are served; undefined where they are not. */
  metricsPort: number | undefined;
  baseUrl: URL;
  /** Undefined when Latchkey brings its own Postgres. */
  databaseUrl: string | undefined;
  dataDir: string;
  /** Undefined when it is generated into the data folder. */
  appSecret: string | undefined;
  /** Undefined when letters go to the log. */
  mail: { smtpUrl: string; from: string } | undefined;
  trustProxy: boolean | number | string;
  /** The domain whose hosts share the session cookie; undefined when it stays on the host of baseUrl. */
  cookieDomain: string | undefined;
  /** Where applications are that people are sent back to. */
  returnOrigins: string[];
  logLevel: string;
  /** What the commands backup and restore encrypt and decrypt with. */
  backupPassphrase: string | undefined;
};

/** Every problem found in the environment, a sentence each. */
export class ConfigProblems extends Error {
  constructor(readonly problems: string[]) {
    super(`The configuration has ${problems.length} problem(s):\n- ${problems.join("\n- ")}`);
  }
}

/**
 * Reads the configuration from an environment; empty values count as absent, `NAME_FILE` gives a secret by file.
 * `readFile` returns the file's text or throws. Throws ConfigProblems with every problem at once.
 */
export function parseConfig(
  env: Record<string, string | undefined>,
  readFile: (file: string) => string,
): Config {
  const problems: string[] = [];
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ""),
  );
  for (const { name } of SETTINGS.filter(({ secret }) => secret)) {
    const file = given[`${name}_FILE`];
    if (file === undefined) continue;
    if (given[name] !== undefined) problems.push(`${name} and ${name}_FILE are both set: keep one`);
    else {
      try {
        given[name] = readFile(file).trim();
      } catch (error) {
        problems.push(`${name}_FILE cannot be read: ${(error as Error).message}`);
      }
    }
  }

  const issues = schema.safeParse(given).error?.issues ?? [];
  problems.push(...issues.map(({ message }) => message));
  const wrong = new Set(issues.map(({ path: [name] }) => String(name)));
  // What is right by itself is held against each other all the same.
  const values = schema.parse(Object.fromEntries(Object.entries(given).filter(([name]) => !wrong.has(name))));
  if (values.METRICS_PORT === values.PORT && !wrong.has("PORT"))
    problems.push("METRICS_PORT is the same as PORT: metrics are served on a port of their own");
  if (given.DATABASE_URL !== undefined && given.APP_SECRET === undefined) {
    problems.push(
      "APP_SECRET is missing: with DATABASE_URL it must be set, 32 characters or more, the same on every replica",
    );
  }
  const baseUrl = new URL(values.BASE_URL ?? `http://localhost:${values.PORT}`);
  const origins = values.RETURN_ORIGINS ?? [];
  if (!wrong.has("BASE_URL") && !wrong.has("COOKIE_DOMAIN"))
    problems.push(...problemsOfReach({ domain: values.COOKIE_DOMAIN, origins }, baseUrl));
  if (problems.length > 0) throw new ConfigProblems(problems);
  return {
    port: values.PORT,
    host: values.HOST,
    metricsPort: values.METRICS_PORT,
    baseUrl,
    databaseUrl: values.DATABASE_URL,
    dataDir: path.resolve(values.DATA_DIR),
    appSecret: values.APP_SECRET,
    mail: mailSettings(values, baseUrl),
    trustProxy: parseTrustProxy(values.TRUST_PROXY),
    cookieDomain: values.COOKIE_DOMAIN,
    returnOrigins: origins.map((origin) => new URL(origin).origin),
    logLevel: values.LOG_LEVEL,
    backupPassphrase: values.BACKUP_PASSPHRASE,
  };
}

function mailSettings(values: z.infer<typeof schema>, baseUrl: URL): Config["mail"] {
  const { SMTP_URL: smtpUrl, MAIL_FROM: from = `Latchkey <latchkey@${mailHost(baseUrl)}>` } = values;
  return smtpUrl === undefined ? undefined : { smtpUrl, from };
}

function parseTrustProxy(value: string): boolean | number | string {
  if (value === "true" || value === "false") return value === "true";
  return /^[0-9]+$/.test(value) ? Number(value) : value;
}
