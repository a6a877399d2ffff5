import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Pool } from "pg";
import type { KeyOwner } from "../base/key-owner";
import { batched } from "../platform/batch";
import { type Logger, noticesIn } from "../platform/log";
import { type MailSettings, openMailer } from "../platform/mailer";
import { makePasswords, type Passwords } from "../platform/passwords";
import { deriveKey, keyedHash, makeSeal, type Seal, SealBroken } from "../platform/seal";
import { type CheckedApiKey, findApiKeysForCheck } from "../records/api-keys/api-keys";
import { findKeysInUse, type KeyInUse } from "../records/api-keys/in-use";
import { findInstallation, keepFirstPepper } from "../records/installation";
import { countRecoveryCodes } from "../records/recovery-codes";
import { openWrongKeyCount, type WrongKey } from "./count-wrong-keys";
import { CallGatherer } from "./gather-calls";
import { MailRoom } from "./mail-room";

/** Everything a handler may need that is not in the request. */
export type Desk = {
  db: Pool;
  /** Connections for lookups that are made for many requests at once: no transaction ever holds one up. */
  lookups: Pool;
  /** A key by its id with its owner, as the database has it now. */
  findApiKey: (id: string) => Promise<CheckedApiKey | undefined>;
  /** What an owner's pages show of their key. */
  findKeyInUse: (owner: KeyOwner) => Promise<KeyInUse>;
  countRecoveryCodes: (personId: string) => Promise<number>;
  /** Counts a wrong key; says how many seconds to wait. */
  countWrongKey: (wrong: WrongKey) => Promise<number>;
  log: Logger;
  baseUrl: URL;
  seal: Seal;
  passwords: Passwords;
  /** Keys the hashes of recovery codes. */
  pepper: Buffer;
  cookie: { name: string; secret: string; secure: boolean };
  calls: CallGatherer;
  mail: MailRoom;
  now: () => Date;
  /** Whether the first administrator exists; asks the database until the answer is yes. */
  isSetUp: () => Promise<boolean>;
  /** True for the token in the set-up address. */
  isSetUpToken: (token: string) => boolean;
  setUpAddress: string;
};

const PEPPER = "pepper";

const BATCHES = { most: 500, inFlight: 2 };

/** The latest callers of a key on its owner's page; the pages about the key show more. */
export const CALLERS_SHOWN = 20;

/** APP_SECRET is not the one the database was made with. */
export class WrongAppSecret extends Error {}

/**
 * Opens the desk on a migrated database. Throws WrongAppSecret: rather no service than people without their second
 * factor.
 */
export async function openDesk(options: {
  db: Pool;
  /** Those of `db` unless given. */
  lookups?: Pool;
  log: Logger;
  baseUrl: URL;
  appSecret: string;
  /** Without it letters go to the log. */
  mail?: MailSettings | undefined;
  passwordCost?: number;
  now?: () => Date;
}): Promise<Desk> {
  const { db, lookups = db, appSecret, baseUrl } = options;
  const seal = makeSeal(appSecret);
  await keepFirstPepper(db, seal.close(randomBytes(32), PEPPER));
  const installation = await findInstallation(db);
  const pepper = openPepper(seal, installation.sealedPepper);

  // Derived, not stored: every replica and every restart prints the same address, and a copy of the database has none.
  const setUpToken = keyedHash(deriveKey(appSecret, "set-up"), installation.id).toString("base64url");
  let setUp = installation.setUp;
  const mailer = openMailer(options.mail, baseUrl, noticesIn(options.log));
  return {
    db,
    lookups,
    findApiKey: batched((ids: string[]) => findApiKeysForCheck(lookups, ids), BATCHES),
    findKeyInUse: batched((owners: KeyOwner[]) => findKeysInUse(lookups, owners, CALLERS_SHOWN), BATCHES),
    countWrongKey: openWrongKeyCount(lookups),
    countRecoveryCodes: batched((ids: string[]) => countRecoveryCodes(lookups, ids), BATCHES),
    log: options.log,
    baseUrl,
    seal,
    pepper,
    passwords: makePasswords(pepper, options.passwordCost),
    cookie: {
      // The prefix makes browsers refuse the cookie from anywhere but this very host over HTTPS.
      name: baseUrl.protocol === "https:" ? "__Host-latchkey" : "latchkey",
      secret: deriveKey(appSecret, "session-cookie").toString("base64url"),
      secure: baseUrl.protocol === "https:",
    },
    calls: new CallGatherer(db, options.log),
    mail: new MailRoom({ db, log: options.log, seal, mailer }),
    now: options.now ?? (() => new Date()),
    isSetUp: async () => {
      setUp ||= (await findInstallation(db)).setUp;
      return setUp;
    },
    isSetUpToken: (token) => sameText(token, setUpToken),
    setUpAddress: new URL(`/setup?token=${setUpToken}`, baseUrl).href,
  };
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** What passwords are mixed with. Throws WrongAppSecret: only the secret the database was made with opens it. */
export function openPepper(seal: Seal, sealedPepper: Buffer | null): Buffer {
  try {
    return seal.open(sealedPepper ?? Buffer.of(), PEPPER);
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error;
    throw new WrongAppSecret(
      "APP_SECRET is not the one this database was made with, so nobody's second factor could be checked. " +
        "Set APP_SECRET to the value it had before.",
    );
  }
}
