import { createHmac, randomBytes } from "node:crypto";
import bcrypt from "bcrypt";

/** The bcrypt cost in production: 2^12 rounds. Tests may lower it. */
export const PASSWORD_COST = 12;

/** Hashes passwords and checks them; knows nothing of people. */
export type Passwords = {
  hash(password: string): Promise<string>;
  /** True when the password made this hash. Without a hash it takes the same time and is false. */
  matches(password: string, hash: string | undefined): Promise<boolean>;
};

/**
 * bcrypt over base64(HMAC-SHA-256(pepper, password)): bcrypt alone would cut at 72 bytes. Passwords are
 * normalised (NFKC, NIST SP 800-63B-4 section 3.1.1.2), so that two keyboards type the same one.
 */
export async function makePasswords(pepper: Buffer, cost = PASSWORD_COST): Promise<Passwords> {
  const prepare = (password: string) =>
    createHmac("sha256", pepper).update(password.normalize("NFKC")).digest("base64");
  // A made-up or malformed hash would be refused at once and betray unknown addresses by its speed.
  const nobody = await bcrypt.hash(randomBytes(32).toString("base64"), cost);
  return {
    hash: (password) => bcrypt.hash(prepare(password), cost),
    matches: async (password, hash) => {
      const same = await bcrypt.compare(prepare(password), hash ?? nobody);
      return same && hash !== undefined;
    },
  };
}
