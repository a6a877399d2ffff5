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
  /** Opens what `close` sealed for this purpose, under whichever of the secrets. Throws SealBroken. */
  open(sealed: Buffer, purpose: string): Buffer;
  /** The same, with which of the secrets it was: 0 is the one that writes. Undefined where none opens it. */
  tryOpen(sealed: Buffer, purpose: string): { plain: Buffer; place: number } | undefined;
  /** Names the secret that writes in 16 hexadecimal digits that tell nothing of it. */
  id: string;
};

/**
 * AES-256-GCM (NIST SP 800-38D) with a random nonce, under a key derived from a value of APP_SECRET; the purpose is
 * authenticated. The first value seals; what older ones have sealed is opened too, by trying one after another.
 */
export function makeSeal(appSecret: string, ...older: string[]): Seal {
  const key = deriveKey(appSecret, "seal");
  const keys = [key, ...older.map((secret) => deriveKey(secret, "seal"))];
  function tryOpen(sealed: Buffer, purpose: string) {
    for (const [place, candidate] of keys.entries()) {
      const plain = decrypt(candidate, sealed, purpose);
      if (plain) return { plain, place };
    }
    return undefined;
  }
  return {
    close(plain, purpose) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(purpose));
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([Buffer.of(VERSION), nonce, body, cipher.getAuthTag()]);
    },
    open(sealed, purpose) {
      const opened = tryOpen(sealed, purpose);
      if (!opened) throw new SealBroken(`A value sealed for ${purpose.split(":")[0]} cannot be opened`);
      return opened.plain;
    },
    tryOpen,
    id: deriveKey(appSecret, "name").toString("hex", 0, 8),
  };
}

function decrypt(key: Buffer, sealed: Buffer, purpose: string): Buffer | undefined {
  try {
    if (sealed[0] !== VERSION) return undefined;
    const nonce = sealed.subarray(1, 1 + NONCE);
    const body = sealed.subarray(1 + NONCE, sealed.length - TAG);
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG })
      .setAAD(Buffer.from(purpose))
      .setAuthTag(sealed.subarray(sealed.length - TAG));
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** A 32-byte key for one use, derived from APP_SECRET by HKDF-SHA-256 (RFC 5869). */
export function deriveKey(appSecret: string, use: string): Buffer {
  return Buffer.from(hkdfSync("sha256", appSecret, "latchkey", use, 32));
}

/** HMAC-SHA-256 of a text, 32 bytes: for values that are looked up or compared but never read back. */
export function keyedHash(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** How a recovery code is stored: keyed, so that a copy of the database alone cannot be searched for codes. */
export function hashRecoveryCode(pepper: Buffer, personId: string, code: string): Buffer {
  return keyedHash(pepper, `recovery-code:${personId}:${code}`);
}
