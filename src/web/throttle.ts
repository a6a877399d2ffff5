import { createHash } from "node:crypto";
import { addressBlock, clientAddress } from "../base/client";
import { Refusal } from "../base/refusal";
import { waitInWords } from "../base/wait-in-words";
import { makeTurns, TooManyWaiting } from "../platform/turns";
import {
  emptyThrottles,
  findGuessedAccount,
  giveBackTry,
  type Throttle,
  takeTry,
} from "../records/throttles";
import type { Page } from "./page";
import type { PersonVisit, Visit } from "./visit";

// Guesses at a password, codes and tokens, counted by account and by address: what may be tried, and how often. Which
// numbers, and why these: DECISIONS.md, 33.

type Limit = Omit<Throttle, "key">;

/**
 * How often each thing may be tried for one account. The second limit on passwords holds against patience: about 100 a
 * day. NIST SP 800-63B-4 section 3.2.2 allows 100 in a row; for codes that is held exactly (`countCodeTry`).
 */
const BY_ACCOUNT = {
  password: [
    { most: 20, drainSeconds: 60 },
    { most: 100, drainSeconds: 15 * 60 },
  ],
  code: [{ most: 20, drainSeconds: 60 }],
  letter: [{ most: 5, drainSeconds: 10 * 60 }],
} satisfies Record<string, Limit[]>;

/** How often somebody may try from one address, whatever the account: against one password tried on everybody. */
const BY_ADDRESS: Limit = { most: 200, drainSeconds: 10 };

/** What can be guessed at, or asked for, too often. */
export type Guessed = keyof typeof BY_ACCOUNT;

/** The answer to a try that may not be made yet. */
export class TooManyTries {
  constructor(readonly waitSeconds: number) {}

  /** What a form is drawn again with: nothing was looked at, and when to try again. */
  page(field: string, what: string): Partial<Page> {
    const message = `Too many ${what}. Try again in ${waitInWords(this.waitSeconds)}`;
    return { status: 429, retryAfterSeconds: this.waitSeconds, errors: [{ field, message }] };
  }
}

/** A guess to make, and which answers make it a wrong one: only those stay counted. `before` may throw to have it not made. */
type Attempt<Answer, Told extends unknown[] = []> = {
  before?: (...told: Told) => void;
  make: (...told: Told) => Promise<Answer>;
  isWrong: (answer: Answer) => boolean;
};

/**
 * Makes a guess at the account with this email, unless there were too many: by anybody at the account, or from this
 * address at any. Whoever has signed in to it from this address before (`known`) is counted apart, so that strangers
 * cannot shut them out. It is counted before it is made: of guesses made at once no more pass than may.
 */
export async function guess<Answer>(
  visit: Visit,
  what: Guessed,
  email: string,
  { before, make, isWrong }: Attempt<Answer, [known: boolean]>,
): Promise<Answer | TooManyTries> {
  const address = clientAddress(visit.req.ip);
  const { account, known } = await findGuessedAccount(visit.desk.db, email, address);
  before?.(known);
  const throttles = known
    ? throttlesFor(what, account, address)
    : [...throttlesFor(what, account), addressThrottle(address)];
  return counted(visit, what, throttles, { make: () => make(known), isWrong });
}

/** Makes a guess within a live session: counted for its person alone, so that nobody else's guesses hold it up. */
export function guessOwn<Answer>(
  visit: PersonVisit,
  what: Guessed,
  attempt: Attempt<Answer>,
): Promise<Answer | TooManyTries> {
  return counted(visit, what, throttlesFor(what, "signed in", visit.person.id), attempt);
}

/** Forgets guesses at the password of the account with this email, because it has a new one. */
export async function forgetGuesses({ desk, req }: Visit, email: string): Promise<void> {
  const address = clientAddress(req.ip);
  const { account } = await findGuessedAccount(desk.db, email, address);
  const throttles = [...throttlesFor("password", account), ...throttlesFor("password", account, address)];
  await emptyThrottles(
    desk.db,
    throttles.map(({ key }) => key),
  );
}

/** Counts a link's or set-up token that is not known, by address. Throws a Refusal (429) when there were too many. */
export async function countUnknownToken({ req, desk }: Visit): Promise<void> {
  const waitSeconds = await takeTry(desk.db, [addressThrottle(clientAddress(req.ip))]);
  if (waitSeconds === 0) return;
  desk.metrics?.throttled("link");
  throw new Refusal(
    429,
    `Too many links that do not exist were opened from your address. Try again in ${waitInWords(waitSeconds)}.`,
    waitSeconds,
  );
}

/** The throttles of guesses that strangers make at the account with this email, as the database spells it. */
export function throttlesFor(what: Guessed, ...account: (string | null)[]): Throttle[] {
  return BY_ACCOUNT[what].map((limit, i) => ({ ...limit, key: throttleKey(what, String(i), ...account) }));
}

/** The name a throttle is kept under, which tells nobody who reads the table whose it is. */
export function throttleKey(...parts: (string | null)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

// Sign-ins to one account that are right and come at once must not fill up its throttle: here they take turns.
const turns = makeTurns(50);
const WHEN_CROWDED_SECONDS = 5;

async function counted<Answer>(
  visit: Visit,
  what: Guessed,
  throttles: Throttle[],
  attempt: Attempt<Answer>,
): Promise<Answer | TooManyTries> {
  try {
    const answer = await turns(throttles[0]?.key ?? "", () => countedInTurn(visit, what, throttles, attempt));
    if (answer instanceof TooManyTries) visit.desk.metrics?.throttled(what);
    return answer;
  } catch (error) {
    if (!(error instanceof TooManyWaiting)) throw error;
    visit.desk.metrics?.throttled(what);
    return new TooManyTries(WHEN_CROWDED_SECONDS);
  }
}

async function countedInTurn<Answer>(
  { desk, req }: Visit,
  what: Guessed,
  throttles: Throttle[],
  { make, isWrong }: Attempt<Answer>,
): Promise<Answer | TooManyTries> {
  const keys = throttles.map(({ key }) => key);
  const told = { id: req.id, guessed: what, account: keys[0]?.slice(0, 12), address: clientAddress(req.ip) };
  const waitSeconds = await takeTry(desk.db, throttles);
  if (waitSeconds > 0) {
    desk.log.warn({ ...told, waitSeconds }, "Too many tries: one was refused unseen");
    return new TooManyTries(waitSeconds);
  }
  let wrong = false;
  try {
    const answer = await make();
    wrong = isWrong(answer);
    // A letter is counted too, and no guess: whoever watches for guesses must not be told of one.
    if (wrong)
      desk.log.info(told, what === "letter" ? "A letter with a link was asked for" : "A guess was wrong");
    return answer;
  } finally {
    if (!wrong) await giveBackTry(desk.db, keys);
  }
}

function addressThrottle(address: string | null): Throttle {
  return { ...BY_ADDRESS, key: throttleKey("address", addressBlock(address)) };
}
