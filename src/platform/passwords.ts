import { createHmac, randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import bcrypt from "bcrypt";
import limited from "p-limit";

/** The bcrypt cost in production: 2^12 rounds. Tests may lower it. */
export const PASSWORD_COST = 12;

// bcrypt runs on libuv's four threads, which name lookups, compression and the log need too; and a core that hashes
// passwords draws no pages. So at least one core and one thread are left to everybody else.
const AT_ONCE = Math.min(3, Math.max(1, availableParallelism() - 1));

/** Hashes passwords and checks them; knows nothing of people. */
export type Passwords = {
  hash(password: string): Promise<string>;
  /** True when the password made this hash. Without a hash it takes the same time and is false. */
  matches(password: string, hash: string | undefined): Promise<boolean>;
};

/**
 * bcrypt over base64(HMAC-SHA-256(pepper, password)): bcrypt alone would cut at 72 bytes. Passwords are
 * normalised (NFKC, NIST SP 800-63B-4 section 3.1.1.2), so that two keyboards type the same one. Few are worked on at
 * once, the others wait for their turn.
 */
export function makePasswords(pepper: Buffer, cost = PASSWORD_COST): Passwords {
  const prepare = (password: string) =>
    createHmac("sha256", pepper).update(password.normalize("NFKC")).digest("base64");
  // A made-up or malformed hash would be refused at once and betray unknown addresses by its speed.
  const inTurn = limited(AT_ONCE);
  // Not waited for: the program starts meanwhile.
  const nobody = inTurn(() => bcrypt.hash(randomBytes(32).toString("base64"), cost));
  return {
    hash: (password) => inTurn(() => bcrypt.hash(prepare(password), cost)),
    matches: async (password, hash) => {
      const madeUp = await nobody;
      const same = await inTurn(() => bcrypt.compare(prepare(password), hash ?? madeUp));
      return same && hash !== undefined;
    },
  };
}
