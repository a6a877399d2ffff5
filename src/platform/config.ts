import { isIP } from "node:net";
import path from "node:path";
import { z } from "zod";
import { isDomain, isOrigin, problemsOfReach, splitList } from "../base/cookie-reach";
import { mailHost } from "../base/mail-host";

/** What the environment says, checked. */
export type Config = {
  port: number;
  host: string | undefined;
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

/** The fewest characters of a passphrase for backups. */
export const SHORTEST_PASSPHRASE = 12;

/** Every problem found in the environment, a sentence each. */
export class ConfigProblems extends Error {
  constructor(readonly problems: string[]) {
    super(`The configuration has ${problems.length} problem(s):\n- ${problems.join("\n- ")}`);
  }
}

const SECRETS = ["DATABASE_URL", "APP_SECRET", "SMTP_URL", "BACKUP_PASSPHRASE"];

// "Name <local@host>" or "local@host".
const SENDER = /^(?:[^<>@\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/;

const schema = z.object({
  PORT: z.coerce
    .number("PORT is not a number")
    .int("PORT is not a whole number")
    .min(0, "PORT is below 0")
    .max(65535, "PORT is above 65535")
    .default(3000),
  HOST: z.string().optional(),
  BASE_URL: z
    .url({ protocol: /^https?$/, error: "BASE_URL is not an http or https address" })
    .refine(
      (value) => !URL.canParse(value) || new URL(value).pathname === "/",
      "BASE_URL has a path: give the origin only",
    )
    .optional(),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: "DATABASE_URL is not a postgres:// address" })
    .optional(),
  DATA_DIR: z.string().default("./data"),
  APP_SECRET: z.string().min(32, "APP_SECRET is shorter than 32 characters").optional(),
  SMTP_URL: z
    .url({ protocol: /^smtps?$/, hostname: /./, error: "SMTP_URL is not an smtp:// or smtps:// address" })
    .refine(isDecodable, "SMTP_URL holds a % that is not part of a code like %40: write it as %25")
    .optional(),
  MAIL_FROM: z
    .string()
    .regex(SENDER, "MAIL_FROM is not an email address: write it as Latchkey <latchkey@example.com>")
    .optional(),
  TRUST_PROXY: z
    .string()
    .refine(isTrustProxy, "TRUST_PROXY is neither true, false, a number of proxies, nor a list of addresses")
    .default("false"),
  COOKIE_DOMAIN: z
    .string()
    .transform((value) => value.trim().replace(/^\./, "").toLowerCase())
    .refine(isDomain, "COOKIE_DOMAIN is not a domain such as example.com")
    .optional(),
  RETURN_ORIGINS: z
    .string()
    .transform(splitList)
    .refine(
      (list) => list.every(isOrigin),
      "RETURN_ORIGINS is not a list of addresses such as https://wiki.example.com, with commas between",
    )
    .default([]),
  BACKUP_PASSPHRASE: z
    .string()
    .min(SHORTEST_PASSPHRASE, `BACKUP_PASSPHRASE is shorter than ${SHORTEST_PASSPHRASE} characters`)
    .optional(),
  LOG_LEVEL: z
    .enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"], {
      error: "LOG_LEVEL is not one of fatal, error, warn, info, debug, trace, silent",
    })
    .default("info"),
});

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
  for (const name of SECRETS) {
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

  const parsed = schema.safeParse(given);
  if (!parsed.success) problems.push(...parsed.error.issues.map((issue) => issue.message));
  if (given.DATABASE_URL !== undefined && given.APP_SECRET === undefined) {
    problems.push(
      "APP_SECRET is missing: with DATABASE_URL it must be set, 32 characters or more, the same on every replica",
    );
  }
  if (!parsed.success) throw new ConfigProblems(problems);
  const values = parsed.data;
  const baseUrl = new URL(values.BASE_URL ?? `http://localhost:${values.PORT}`);
  problems.push(...problemsOfReach(values, baseUrl));
  if (problems.length > 0) throw new ConfigProblems(problems);
  return {
    port: values.PORT,
    host: values.HOST,
    baseUrl,
    databaseUrl: values.DATABASE_URL,
    dataDir: path.resolve(values.DATA_DIR),
    appSecret: values.APP_SECRET,
    mail: mailSettings(values, baseUrl),
    trustProxy: parseTrustProxy(values.TRUST_PROXY),
    cookieDomain: values.COOKIE_DOMAIN,
    returnOrigins: values.RETURN_ORIGINS.map((origin) => new URL(origin).origin),
    logLevel: values.LOG_LEVEL,
    backupPassphrase: values.BACKUP_PASSPHRASE,
  };
}

function isTrustProxy(value: string): boolean {
  if (/^(true|false|[0-9]{1,2})$/.test(value)) return true;
  return value.split(",").every((part) => {
    const [address = "", bits] = part.trim().split("/");
    if (/^(loopback|linklocal|uniquelocal)$/.test(part.trim())) return true;
    return isIP(address) !== 0 && (bits === undefined || /^[0-9]{1,3}$/.test(bits));
  });
}

function isDecodable(url: string): boolean {
  return !/%(?![0-9a-f]{2})/i.test(url);
}

function mailSettings(values: z.infer<typeof schema>, baseUrl: URL): Config["mail"] {
  const { SMTP_URL: smtpUrl, MAIL_FROM: from = `Latchkey <latchkey@${mailHost(baseUrl)}>` } = values;
  return smtpUrl === undefined ? undefined : { smtpUrl, from };
}

function parseTrustProxy(value: string): boolean | number | string {
  if (value === "true" || value === "false") return value === "true";
  return /^[0-9]+$/.test(value) ? Number(value) : value;
}
