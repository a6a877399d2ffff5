import { createHmac } from "node:crypto";
import { availableParallelism } from "node:os";
import bcrypt from "bcrypt";
import limited from "p-limit";
import { Refusal } from "../base/refusal";

/** The bcrypt cost in production: 2^12 rounds. Tests may lower it. */
export const PASSWORD_COST = 12;

// bcrypt runs on libuv's four threads, which name lookups, compression and the log need too; and a core that hashes
// passwords draws no pages. So at least one core and one thread are left to everybody else.
const AT_ONCE = Math.min(3, Math.max(1, availableParallelism() - 1));

// Together with the work itself and what comes after it, nobody waits longer than about eight seconds. Strangers do not
// fill the line to its end: otherwise whoever guesses at passwords fast enough keeps everybody out.
const LONGEST_WAIT_MS = { stranger: 5_000, known: 6_500 };
const COME_BACK_SECONDS = 5;
// A first guess for cost 12, until some have been timed.
const ONE_TAKES_MS = 300;
const NEWEST_COUNTS = 0.2;
// In characters; it stands behind the salt.
const DIGEST_LENGTH = 31;

/**
 * Hashes passwords and checks them; knows nothing of people. Both throw Refusal (503) where the line is too long: sooner
 * for whoever is not `known`, so that there is room behind all strangers for the others.
 */
export type Passwords = {
  /** Throws that Refusal now, before anything else is done for a request that would get it. */
  mustHaveRoom(known: boolean): void;
  hash(password: string): Promise<string>;
  /** True when the password made this hash. Without a hash it takes the same time and is false. */
  matches(password: string, hash: string | undefined, known?: boolean): Promise<boolean>;
  /** A new hash for a password that matches one of a lower cost than the present; undefined where none is due, or no room. */
  strengthen(password: string, hash: string): Promise<string | undefined>;
  /** How many are worked on and wait at this moment, and how many were ever sent away. */
  line(): { active: number; waiting: number; turnedAway: number };
};

/**
 * bcrypt over base64(HMAC-SHA-256(pepper, password)): bcrypt alone would cut at 72 bytes. Passwords are
 * normalised (NFKC, NIST SP 800-63B-4 section 3.1.1.2), so that two keyboards type the same one. Few are worked on at
 * once, the others wait for their turn; who would wait too long is sent away at once, having cost nothing.
 */
export function makePasswords(pepper: Buffer, cost = PASSWORD_COST): Passwords {
  const prepare = (password: string) =>
    createHmac("sha256", pepper).update(password.normalize("NFKC")).digest("base64");
  const inTurn = inLine(ONE_TAKES_MS * 2 ** (cost - PASSWORD_COST));
  // Of no password, but well formed: one that is not would be refused at once, and betray unknown addresses by its speed.
  const nobodys = bcrypt.genSaltSync(cost) + ".".repeat(DIGEST_LENGTH);
  return {
    mustHaveRoom: inTurn.mustHaveRoom,
    line: inTurn.line,
    hash: (password) => inTurn(() => bcrypt.hash(prepare(password), cost)),
    matches: async (password, hash, known = true) => {
      const same = await inTurn(async () => {
        const same = await bcrypt.compare(prepare(password), hash ?? nobodys);
        if (!same) await makeUpFor(hash ?? nobodys, cost);
        return same;
      }, known);
      return same && hash !== undefined;
    },
    strengthen: async (password, hash) => {
      if (bcrypt.getRounds(hash) >= cost || !inTurn.hasRoom(false)) return undefined;
      return inTurn(() => bcrypt.hash(prepare(password), cost));
    },
  };
}

// An account whose hash is from before the cost was raised must not be known by its speed either. Each cost takes twice as
// long as the one below: from that of the hash up to the present one they add up to what is missing.
async function makeUpFor(hash: string, cost: number): Promise<void> {
  const [, , rounds] = hash.split("$");
  for (let missing = Number(rounds); missing < cost; missing += 1) await bcrypt.hash("", missing);
}

// How long one takes is measured as it goes: a busy machine, or a slow one, has a shorter line.
function inLine(oneTakesMs: number) {
  const turn = limited(AT_ONCE);
  let takes = oneTakesMs;
  let turnedAway = 0;
  function hasRoom(known: boolean): boolean {
    const wait = ((turn.activeCount + turn.pendingCount) / AT_ONCE) * takes;
    return turn.pendingCount === 0 || wait <= LONGEST_WAIT_MS[known ? "known" : "stranger"];
  }
  function mustHaveRoom(known: boolean): void {
    if (hasRoom(known)) return;
    turnedAway += 1;
    throw tooMany();
  }
  async function inTurn<T>(work: () => Promise<T>, known = true): Promise<T> {
    mustHaveRoom(known);
    return turn(async () => {
      const began = performance.now();
      try {
        return await work();
      } finally {
        takes += NEWEST_COUNTS * (performance.now() - began - takes);
      }
    });
  }
  const line = () => ({ active: turn.activeCount, waiting: turn.pendingCount, turnedAway });
  return Object.assign(inTurn, { hasRoom, mustHaveRoom, line });
}

function tooMany(): Refusal {
  const sentence = `Too many passwords are being checked at this moment. Wait ${COME_BACK_SECONDS} seconds, then reload this page to send the form again.`;
  return new Refusal(503, sentence, COME_BACK_SECONDS);
}
