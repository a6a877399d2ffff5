import { hash, randomInt } from "node:crypto";
import { crc32 } from "node:zlib";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PREFIX = "lk";
const ID_LENGTH = 8;
const SECRET_LENGTH = 32;
const CHECKSUM_LENGTH = 6;

/** The length of every API key, in characters. */
export const API_KEY_LENGTH = PREFIX.length + ID_LENGTH + SECRET_LENGTH + CHECKSUM_LENGTH;

/** A key as it is made: the full text (shown once, never stored), its public id, and the hash that is stored. */
export type NewApiKey = { key: string; id: string; hash: Buffer };

/**
 * Makes an API key of 48 letters and digits: `lk`, an 8-character id, 32 random characters (190 bits) and a
 * 6-character CRC-32, so that a mistyped key is known without asking the database.
 */
export function makeApiKey(): NewApiKey {
  const id = randomText(ID_LENGTH);
  const body = PREFIX + id + randomText(SECRET_LENGTH);
  const key = body + checksum(body);
  return { key, id, hash: hashApiKey(key) };
}

/** The public id inside a well-formed key, or `undefined` when the text cannot be a key of ours. */
export function apiKeyId(text: string): string | undefined {
  if (text.length !== API_KEY_LENGTH || !text.startsWith(PREFIX) || !/^[0-9A-Za-z]+$/.test(text))
    return undefined;
  const body = text.slice(0, -CHECKSUM_LENGTH);
  if (checksum(body) !== text.slice(-CHECKSUM_LENGTH)) return undefined;
  return text.slice(PREFIX.length, PREFIX.length + ID_LENGTH);
}

/** The id in what somebody copied from where a key is named, with `lk` or without; it may be none. */
export function typedKeyId(text: string): string | undefined {
  return /^(?:lk)?([0-9A-Za-z]{8})…?$/.exec(text.trim())?.[1];
}

/** SHA-256 of a key, 32 bytes. A key has 190 random bits, so no slow hash is needed (ASVS 5.0, 11.4.2 is about passwords). */
export function hashApiKey(key: string): Buffer {
  return hash("sha256", key, "buffer");
}

function randomText(length: number): string {
  return Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join("");
}

function checksum(body: string): string {
  let rest = crc32(body);
  let text = "";
  while (text.length < CHECKSUM_LENGTH) {
    text = ALPHABET.charAt(rest % ALPHABET.length) + text;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return text;
}
