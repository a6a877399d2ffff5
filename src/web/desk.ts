import { timingSafeEqual } from "node:crypto";
import type { Pool } from "pg";
import { isDatabaseAway } from "../base/database-away";
import { batched } from "../platform/batch";
import { type Logger, noticesIn } from "../platform/log";
import { type MailSettings, openMailer } from "../platform/mailer";
import type { Metrics } from "../platform/metrics";
import { makePasswords, type Passwords } from "../platform/passwords";
import { deriveKey, keyedHash, type Seal } from "../platform/seal";
import {
  type CheckedApiKey,
  findApiKeysForCheck,
  findApiKeysWithOwners,
  type OwnedApiKey,
} from "../records/api-keys/api-keys";
import { findInstallation } from "../records/installation";
import { openWrongKeyCount, type WrongKey } from "./count-wrong-keys";
import { CallGatherer } from "./gather-calls";
import { type Introduction, openIntroduction } from "./introduction";
import { type LiveSessions, openLiveSessions } from "./live-sessions";
import { MailRoom } from "./mail-room";
import { openSeal } from "./open-seal";
import type { SessionCookie } from "./session-cookie";

/** Everything a handler may need that is not in the request. */
export type Desk = {
  db: Pool;
  /** Connections for lookups that are made for many requests at once: no transaction ever holds one up. */
  lookups: Pool;
  sessions: LiveSessions;
  /** A key by its id, as the database has it now. */
  findApiKey: (id: string) => Promise<CheckedApiKey | undefined>;
  /** The same, with its owner. */
  findApiKeyWithOwner: (id: string) => Promise<OwnedApiKey | undefined>;
  /** Counts a wrong key; says how many seconds to wait. */
  countWrongKey: (wrong: WrongKey) => Promise<number>;
  log: Logger;
  /** Undefined where nobody reads them. */
  metrics: Metrics | undefined;
  baseUrl: URL;
  /** Where applications are that people are sent back to after signing in: "https://wiki.example.com". */
  returnOrigins: ReadonlySet<string>;
  seal: Seal;
  passwords: Passwords;
  /** Keys the hashes of recovery codes. */
  pepper: Buffer;
  /** How many values APP_SECRET lists. */
  secrets: number;
  /** The session cookie; with a domain it reaches that domain's other hosts. */
  cookie: SessionCookie & { secure: boolean; domain: string | undefined };
  /** How the doctor and this program know each other. */
  introduction: Introduction;
  calls: CallGatherer;
  mail: MailRoom;
  now: () => Date;
  /** Whether the first administrator exists; asks the database until the answer is yes. */
  isSetUp: () => Promise<boolean>;
  /** True for the token in the set-up address. */
  isSetUpToken: (token: string) => boolean;
  setUpAddress: string;
};

const BATCHES = { most: 500, inFlight: 2, away: isDatabaseAway };

/**
 * Opens the desk on a migrated database. Throws WrongAppSecret: rather no service than people without their second
 * factor.
 */
export async function openDesk(options: {
  db: Pool;
  /** Those of `db` unless given. */
  lookups?: Pool;
  log: Logger;
  /** What to count in; without it nothing is counted. */
  metrics?: Metrics | undefined;
  baseUrl: URL;
  /** The text of APP_SECRET, which may list several values. */
  appSecret: string;
  /** What the operator calls it; APP_SECRET unless given. */
  secretName?: string | undefined;
  /** Without it letters go to the log. */
  mail?: MailSettings | undefined;
  /** The domain whose other hosts get the session cookie too. */
  cookieDomain?: string | undefined;
  returnOrigins?: string[];
  passwordCost?: number;
  now?: () => Date;
}): Promise<Desk> {
  const { db, lookups = db, baseUrl } = options;
  const { values, seal, pepper, installation } = await openSeal(db, options.appSecret, options.secretName);

  // Derived, not stored: every replica and every restart prints the same address, and a copy of the database has none.
  const setUpTokens = values.map((value) =>
    keyedHash(deriveKey(value, "set-up"), installation.id).toString("base64url"),
  );
  let setUp = installation.setUp;
  const mailer = openMailer(options.mail, baseUrl, noticesIn(options.log));
  return {
    db,
    lookups,
    sessions: openLiveSessions(lookups),
    findApiKey: batched((ids: string[]) => findApiKeysForCheck(lookups, ids), BATCHES),
    findApiKeyWithOwner: batched((ids: string[]) => findApiKeysWithOwners(lookups, ids), BATCHES),
    countWrongKey: openWrongKeyCount(lookups),
    log: options.log,
    metrics: options.metrics,
    baseUrl,
    returnOrigins: new Set(options.returnOrigins),
    seal,
    secrets: values.length,
    pepper,
    passwords: makePasswords(pepper, options.passwordCost),
    cookie: {
      name: cookieName(baseUrl, options.cookieDomain),
      secrets: values.map((value) => deriveKey(value, "session-cookie").toString("base64url")),
      secure: baseUrl.protocol === "https:",
      domain: options.cookieDomain,
    },
    introduction: openIntroduction(values),
    calls: new CallGatherer(db, options.log),
    mail: new MailRoom({ db, log: options.log, seal, mailer }),
    now: options.now ?? (() => new Date()),
    isSetUp: async () => {
      setUp ||= (await findInstallation(db)).setUp;
      return setUp;
    },
    isSetUpToken: (token) => setUpTokens.some((setUpToken) => sameText(token, setUpToken)),
    setUpAddress: new URL(`/setup?token=${setUpTokens[0]}`, baseUrl).href,
  };
}

// The prefixes make browsers refuse the cookie from anywhere but this very host, or this domain, over HTTPS. Another name
// with a domain: a browser would send one of each side by side.
function cookieName({ protocol }: URL, domain: string | undefined): string {
  if (protocol === "https:") return domain === undefined ? "__Host-latchkey" : "__Secure-latchkey";
  return domain === undefined ? "latchkey" : "latchkey-shared";
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
