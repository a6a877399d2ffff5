import { createHash, randomBytes } from "node:crypto";

/** Makes the token of a single-use link (256 random bits), and the hash of it that is stored. */
export function makeLinkToken(): { token: string; hash: Buffer } {
  const token = randomBytes(32).toString("base64url");
  return { token, hash: hashLinkToken(token) };
}

/** SHA-256 of a link's token, 32 bytes: a copy of the database opens no link. */
export function hashLinkToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
