import { createCipheriv, createDecipheriv, createHash } from "node:crypto";

/** Where a block stands in its file: its number from 0, and whether it is the last. */
export type Place = { index: number; last: boolean };

/** Seals the blocks of one file, each to its place in it. */
export type Sealing = {
  /** What sealing adds to a block, in bytes. */
  overhead: number;
  seal(block: Buffer, place: Place): Buffer;
  /** The block again; undefined when it is another block, of another place or of another file. */
  open(sealed: Buffer, place: Place): Buffer | undefined;
};

/** The block, then SHA-256 over the header, the place and the block: finds damage, and hides nothing. */
export function sealOpenly(header: Buffer): Sealing {
  const overhead = 32;
  const sumOf = (block: Buffer, place: Place) =>
    createHash("sha256").update(header).update(nonceOf(place)).update(block).digest();
  return {
    overhead,
    seal: (block, place) => Buffer.concat([block, sumOf(block, place)]),
    open(sealed, place) {
      const block = sealed.subarray(0, -overhead);
      return sumOf(block, place).equals(sealed.subarray(-overhead)) ? block : undefined;
    },
  };
}

/**
 * AES-256-GCM with the place as nonce and the header authenticated too (the STREAM construction: Hoang, Reyhanitabar,
 * Rogaway, Vizár 2015). The key is one file's alone, so that no nonce comes twice.
 */
export function sealSecretly(header: Buffer, key: Buffer): Sealing {
  const overhead = 16;
  return {
    overhead,
    seal(block, place) {
      const cipher = createCipheriv("aes-256-gcm", key, nonceOf(place)).setAAD(header);
      return Buffer.concat([cipher.update(block), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed, place) {
      const decipher = createDecipheriv("aes-256-gcm", key, nonceOf(place), { authTagLength: overhead })
        .setAAD(header)
        .setAuthTag(sealed.subarray(-overhead));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(0, -overhead)), decipher.final()]);
      } catch {
        return undefined;
      }
    },
  };
}

function nonceOf({ index, last }: Place): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 7);
  nonce[11] = last ? 1 : 0;
  return nonce;
}
