import { isIP } from "node:net";
import { z } from "zod";
import { isDomain, isOrigin, splitList } from "../../base/cookie-reach";

/** What README and the command `settings` say of a variable beside its default. */
type About = {
  /** What holds where it is not set, for those without a default that can be written down. */
  otherwise?: string;
  is: string;
  /** Can also be given as the path of a file, in NAME_FILE. */
  secret?: true;
};

const said = z.registry<About>();

/** The fewest characters of a passphrase for backups. */
export const SHORTEST_PASSPHRASE = 12;

// "Name <local@host>" or "local@host".
const SENDER = /^(?:[^<>@\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/;

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

/** Every variable of the environment that is read, in the order in which they are listed. */
export const schema = z.object({
  PORT: z.coerce
    .number("PORT is not a number")
    .int("PORT is not a whole number")
    .min(0, "PORT is below 0")
    .max(65535, "PORT is above 65535")
    .default(3000)
    .register(said, { is: "where to listen" }),
  HOST: z.string().optional().register(said, { otherwise: "every address", is: "the address to listen on" }),
  METRICS_PORT: z.coerce
    .number("METRICS_PORT is not a number")
    .int("METRICS_PORT is not a whole number")
    .min(1, "METRICS_PORT is below 1")
    .max(65535, "METRICS_PORT is above 65535")
    .optional()
    .register(said, {
      otherwise: "none: no metrics",
      is: "where Prometheus reads metrics, on the same `HOST`",
    }),
  BASE_URL: z
    .url({ protocol: /^https?$/, error: "BASE_URL is not an http or https address" })
    .refine(
      (value) => !URL.canParse(value) || new URL(value).pathname === "/",
      "BASE_URL has a path: give the origin only",
    )
    .optional()
    .register(said, {
      otherwise: "`http://localhost:PORT`",
      is: "how browsers reach it; over `https:` the cookie becomes `__Host-` (`__Secure-` with `COOKIE_DOMAIN`) and Secure, and browsers are told to use nothing but `https:` for this name and all below it, for a year (HSTS)",
    }),
  DATA_DIR: z
    .string()
    .default("./data")
    .register(said, { is: "the folder of the Postgres it brings, its password and the secret" }),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: "DATABASE_URL is not a postgres:// address" })
    .refine(
      hasKnownSsl,
      "DATABASE_URL has an ssl= that means nothing: write sslmode=verify-full for TLS, or sslmode=disable for none",
    )
    .optional()
    .register(said, {
      otherwise: "none: it brings its own Postgres",
      is: "a `postgres://` address of your own server, version 15 or later",
      secret: true,
    }),
  APP_SECRET: z.string().min(32, "APP_SECRET is shorter than 32 characters").optional().register(said, {
    otherwise: "made in the data folder",
    is: "32 characters or more, or several such values (below); seals and signs. Required with `DATABASE_URL`, alike on all replicas",
    secret: true,
  }),
  SMTP_URL: z
    .url({ protocol: /^smtps?$/, hostname: /./, error: "SMTP_URL is not an smtp:// or smtps:// address" })
    .refine(isDecodable, "SMTP_URL holds a % that is not part of a code like %40: write it as %25")
    .optional()
    .register(said, {
      otherwise: "none: letters go to the log",
      is: "`smtp://user:password@host:587`, or `smtps://` for TLS from the start; a password's special characters as `%40`",
      secret: true,
    }),
  MAIL_FROM: z
    .string()
    .regex(SENDER, "MAIL_FROM is not an email address: write it as Latchkey <latchkey@example.com>")
    .optional()
    .register(said, {
      otherwise: "`latchkey@` the host of BASE_URL",
      is: "who letters are from: `Latchkey <latchkey@example.com>`",
    }),
  TRUST_PROXY: z
    .string()
    .refine(isTrustProxy, "TRUST_PROXY is neither true, false, a number of proxies, nor a list of addresses")
    .default("false")
    .register(said, {
      is: "behind a proxy: the number of proxies, or their addresses, whose `X-Forwarded-*` to believe",
    }),
  COOKIE_DOMAIN: z
    .string()
    .transform((value) => value.trim().replace(/^\./, "").toLowerCase())
    .refine(isDomain, "COOKIE_DOMAIN is not a domain such as example.com")
    .optional()
    .register(said, {
      otherwise: "none: the cookie stays on one host",
      is: "the domain whose applications share the sign-in (above)",
    }),
  RETURN_ORIGINS: z
    .string()
    .transform(splitList)
    .refine(
      (list) => list.every(isOrigin),
      "RETURN_ORIGINS is not a list of addresses such as https://wiki.example.com, with commas between",
    )
    .optional()
    .register(said, {
      otherwise: "none",
      is: "the applications that people are sent back to after signing in, with commas between",
    }),
  BACKUP_PASSPHRASE: z
    .string()
    .min(SHORTEST_PASSPHRASE, `BACKUP_PASSPHRASE is shorter than ${SHORTEST_PASSPHRASE} characters`)
    .optional()
    .register(said, {
      otherwise: "none: backups are not encrypted",
      is: `${SHORTEST_PASSPHRASE} characters or more: what \`backup\` and \`restore\` encrypt and decrypt with`,
      secret: true,
    }),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, { error: `LOG_LEVEL is not one of ${LOG_LEVELS.join(", ")}` })
    .default("info")
    .register(said, {
      is: LOG_LEVELS.map((level) => `\`${level}\``)
        .join(", ")
        .replace(/, (?=[^,]*$)/, " or "),
    }),
});

/** One variable as README and the command `settings` list it. */
export type Setting = { name: string; otherwise: string; is: string; secret: boolean };

/** Every variable, with what holds where it is not set, as the schema has it. */
export const SETTINGS: Setting[] = Object.entries(schema.shape).map(([name, field]) => {
  const { otherwise, is = "", secret = false } = said.get(field as z.ZodType) ?? {};
  const { defaultValue } = field.def as { defaultValue?: unknown };
  return { name, otherwise: otherwise ?? `\`${defaultValue}\``, is, secret };
});

function isTrustProxy(value: string): boolean {
  if (/^(true|false|[0-9]{1,2})$/.test(value)) return true;
  return value.split(",").every((part) => {
    const [address = "", bits] = part.trim().split("/");
    if (/^(loopback|linklocal|uniquelocal)$/.test(part.trim())) return true;
    return isIP(address) !== 0 && (bits === undefined || /^[0-9]{1,3}$/.test(bits));
  });
}

// To pg any other word, "false" too, is TLS with options that it cannot read, which ends the process; unless one of these
// says it all.
function hasKnownSsl(url: string): boolean {
  const query = URL.canParse(url) ? new URL(url).searchParams : new URLSearchParams();
  if (["sslmode", "sslrootcert", "sslcert", "sslkey"].some((name) => query.get(name))) return true;
  return /^(true|1|0|no-verify|)$/.test(query.get("ssl") ?? "");
}

function isDecodable(url: string): boolean {
  return !/%(?![0-9a-f]{2})/i.test(url);
}
