import { createHash } from "node:crypto";

/** What the first link's hash stands on. */
export const CHAIN_BEGINS = Buffer.alloc(32);

/**
 * The hash of a link: SHA-256 over the hash before it and every column of the entry. The columns are written as a JSON
 * list of texts and nulls, so that no two entries read the same.
 */
export function hashLink(before: Buffer, columns: readonly (string | null)[]): Buffer {
  return createHash("sha256").update(before).update(JSON.stringify(columns)).digest();
}
