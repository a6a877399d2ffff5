import { randomInt } from "node:crypto";

// Crockford's base 32: no I, L, O or U, so that a code read from paper cannot be misread.
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUPS = 4;
const GROUP_LENGTH = 4;
// Sets given out earlier have codes of three groups, which go on working until they are replaced.
const LENGTHS = [GROUPS * GROUP_LENGTH, 3 * GROUP_LENGTH];

/** How many recovery codes a set has. */
export const RECOVERY_CODE_COUNT = 10;

/** Makes a set of ten recovery codes, each 80 random bits written as "7K2M-QX4T-9DHW-3VRB". */
export function makeRecoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODE_COUNT }, () =>
    Array.from({ length: GROUPS }, () =>
      Array.from({ length: GROUP_LENGTH }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join(""),
    ).join("-"),
  );
}

/** The one spelling of a typed recovery code (case, spaces, hyphens, O for 0, I or L for 1 forgiven), or `undefined` if it cannot be one. */
export function normaliseRecoveryCode(typed: string): string | undefined {
  const bare = typed.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  return LENGTHS.includes(bare.length) && [...bare].every((c) => ALPHABET.includes(c)) ? bare : undefined;
}
