import { createHash, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { type Sealing, sealOpenly, sealSecretly } from "./sealing";
import { BackupUnreadable, damaged } from "./unreadable";

// magic 16 | format 1 | sealing 1 | salt 16 | check of the passphrase 16 | SHA-256 of all that 32
const MAGIC = Buffer.from("latchkey-backup\n");
const FORMAT = 1;
const OPEN = 0;
const SECRET = 1;
const SALT_AT = MAGIC.length + 2;
const CHECK_AT = SALT_AT + 16;
const SUM_AT = CHECK_AT + 16;

/** The length of a backup's header, in bytes. */
export const HEADER_BYTES = SUM_AT + 32;

// OWASP's recommendation for scrypt (Password Storage Cheat Sheet); 128 MiB while it works.
const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 };

/** A header, and how the blocks after it are sealed. */
export type Opening = { header: Buffer; sealing: Sealing };

/** A new header with a salt of its own; with a passphrase what follows is encrypted. */
export async function makeHeader(passphrase: string | undefined): Promise<Opening> {
  const salt = randomBytes(16);
  const keys = passphrase === undefined ? undefined : await deriveKeys(passphrase, salt);
  const front = Buffer.concat([
    MAGIC,
    Buffer.of(FORMAT, keys ? SECRET : OPEN),
    salt,
    keys?.check ?? Buffer.alloc(16),
  ]);
  const header = Buffer.concat([front, createHash("sha256").update(front).digest()]);
  return { header, sealing: keys ? sealSecretly(header, keys.key) : sealOpenly(header) };
}

/** Whether a backup is encrypted, by its header. Throws BackupUnreadable. */
export function isEncrypted(header: Buffer): boolean {
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new BackupUnreadable("The file is not a backup of Latchkey, or its very beginning is damaged.");
  }
  const sum = createHash("sha256").update(header.subarray(0, SUM_AT)).digest();
  if (header.length !== HEADER_BYTES || !sum.equals(header.subarray(SUM_AT))) throw damaged("in its header");
  const [format, sealing] = header.subarray(MAGIC.length);
  if (format !== FORMAT || (sealing !== OPEN && sealing !== SECRET)) {
    throw new BackupUnreadable(
      `The backup has format ${format}, which this Latchkey does not know: use the version that made it, or a later one.`,
    );
  }
  return sealing === SECRET;
}

/** Opens a header read from a file. Throws BackupUnreadable, as for a wrong passphrase. */
export async function openHeader(header: Buffer, passphrase: string | undefined): Promise<Opening> {
  if (!isEncrypted(header)) return { header, sealing: sealOpenly(header) };
  if (passphrase === undefined)
    throw new BackupUnreadable("The backup is encrypted: it needs its passphrase.");
  const { key, check } = await deriveKeys(passphrase, header.subarray(SALT_AT, CHECK_AT));
  if (!timingSafeEqual(check, header.subarray(CHECK_AT, SUM_AT))) {
    throw new BackupUnreadable("The passphrase is not the one this backup was encrypted with.");
  }
  return { header, sealing: sealSecretly(header, key) };
}

// Normalised, so that two keyboards type the same passphrase.
function deriveKeys(passphrase: string, salt: Buffer): Promise<{ key: Buffer; check: Buffer }> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize("NFKC"), salt, 48, SCRYPT, (error, derived) => {
      if (error) reject(error);
      else resolve({ key: derived.subarray(0, 32), check: derived.subarray(32) });
    });
  });
}
