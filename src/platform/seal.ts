import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";

const VERSION = 1;
const NONCE = 12;
const TAG = 16;

/** A sealed value could not be opened: the wrong APP_SECRET, another owner's value, or a changed one. */
export class SealBroken extends Error {}

/** Encrypts small secrets for the database, and opens them again. */
export type Seal = {
  /** Seals bytes for one purpose, such as "second-factor:<person id>"; only the same purpose opens them. */
  close(plain: Buffer, purpose: string): Buffer;
  /** Opens what `close` sealed for this purpose. Throws SealBroken. */
  open(sealed: Buffer, purpose: string): Buffer;
};

/** AES-256-GCM (NIST SP 800-38D) with a random nonce, under a key derived from APP_SECRET; the purpose is authenticated. */
export function makeSeal(appSecret: string): Seal {
  const key = deriveKey(appSecret, "seal");
  return {
    close(plain, purpose) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(purpose));
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([Buffer.of(VERSION), nonce, body, cipher.getAuthTag()]);
    },
    open(sealed, purpose) {
      try {
        if (sealed[0] !== VERSION) throw new Error("unknown version");
        const nonce = sealed.subarray(1, 1 + NONCE);
        const body = sealed.subarray(1 + NONCE, sealed.length - TAG);
        const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG })
          .setAAD(Buffer.from(purpose))
          .setAuthTag(sealed.subarray(sealed.length - TAG));
        return Buffer.concat([decipher.update(body), decipher.final()]);
      } catch {
        throw new SealBroken(`A value sealed for ${purpose.split(":")[0]} cannot be opened`);
      }
    },
  };
}

/** A 32-byte key for one use, derived from APP_SECRET by HKDF-SHA-256 (RFC 5869). */
export function deriveKey(appSecret: string, use: string): Buffer {
  return Buffer.from(hkdfSync("sha256", appSecret, "latchkey", use, 32));
}

/** HMAC-SHA-256 of a text, 32 bytes: for values that are looked up or compared but never read back. */
export function keyedHash(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** How a recovery code is stored: keyed, so that a copy of the database alone cannot be searched for codes. */
export function hashRecoveryCode(pepper: Buffer, personId: string, code: string): Buffer {
  return keyedHash(pepper, `recovery-code:${personId}:${code}`);
}
