import type { PoolClient } from "pg";
import { appSecretFile, readAppSecret } from "../platform/app-secret";
import { type Content, writeBackup, writeTables } from "../platform/backup-file";
import type { Config } from "../platform/config";
import { openPool, transaction } from "../platform/database";
import { findPendingMigrations, listDoneMigrations } from "../platform/migrations";
import { refuseUnfit, writeNewFile } from "../platform/new-file";
import { readVersion } from "../platform/version";
import { beginSnapshot, copyOut, findSealedPepper } from "../records/backup/copy";
import { listStoredTables } from "../records/backup/tables";
import { readServer } from "../records/server";
import { openPepper } from "../web/open-seal";
import { type About, tellContents } from "./backup-contents";
import { type Answer, type Command, CommandRefused, type Terminal } from "./command";
import { MIGRATIONS, openDatabase } from "./open-installation";
import { takeNewPassphrase } from "./take-passphrase";

type Write = (bytes: Buffer) => Promise<unknown>;
type Written = { at: string; bytes: number; tables: Content[] };

/** `backup`: writes all that has to outlive the computer into one file, as it is at one instant. */
export const backup: Command = {
  usage: "backup FILE [--encrypt]",
  brief: "writes everything that has to outlive the computer into one file",
  help:
    "Writes the whole installation, as it is at one instant, into one new file that the command restore reads. The\n" +
    "program may be running. With - for the file it is written to standard output.\n\n" +
    "With a passphrase (BACKUP_PASSPHRASE, or BACKUP_PASSPHRASE_FILE; asked for on a terminal) the file is encrypted, and\n" +
    "holds APP_SECRET too. Without one anybody can read it, and APP_SECRET, which restoring it needs, is not in it.\n" +
    "Sessions, and letters that wait to be sent, are not in it either.\n\n" +
    "--encrypt   refuse to write a backup that is not encrypted",
  options: { encrypt: { type: "boolean" } },
  positionals: 1,
  writesOutput: ([file]) => file === "-",
  async run({ config, words: [file = ""], flags, terminal }) {
    if (file === "-" && terminal.stdout.isTTY) {
      throw new CommandRefused(
        "A backup is nothing to look at: send standard output into a file or a program.",
      );
    }
    if (file !== "-") await refuseUnfit(file);
    const passphrase = await takeNewPassphrase(config, terminal, flags.has("encrypt"));
    const began = performance.now();
    const into = (write: (write: Write) => Promise<Written>) =>
      file === "-" ? write(writerOf(terminal)) : writeNewFile(file, write);
    const { url, close } = await openDatabase(config, false);
    try {
      // Thrown for a database that is newer than this program; one that is older is backed up as it is.
      await findPendingMigrations(url, MIGRATIONS);
      const db = openPool(url, () => {}, { max: 1 });
      try {
        const tables = await listStoredTables(db);
        if (tables.length === 0) throw new CommandRefused("There is no installation in this database.");
        const written = await transaction(db, async (tx) => {
          await beginSnapshot(tx, tables);
          return into((write) => writeSnapshot(tx, config, passphrase, write));
        });
        return answerOf(written, { file, config, encrypted: passphrase !== undefined, began });
      } finally {
        await db.end();
      }
    } finally {
      await close();
    }
  },
};

async function writeSnapshot(
  tx: PoolClient,
  config: Config,
  passphrase: string | undefined,
  write: Write,
): Promise<Written> {
  const sealedPepper = await findSealedPepper(tx);
  const appSecret = sealedPepper === null ? undefined : secretThatOpens(config, sealedPepper);
  const { version, at } = await readServer(tx);
  const about: About = {
    latchkey: readVersion(),
    postgres: version,
    at: at.toISOString(),
    migrations: await listDoneMigrations(tx),
    sealedPepper: sealedPepper?.toString("base64") ?? null,
    ...(passphrase !== undefined && appSecret !== undefined && { appSecret }),
  };
  const tables: Content[] = [];
  let bytes = 0;
  const parts = writeTables(
    about,
    await listStoredTables(tx),
    (table) => copyOut(tx, table),
    (content) => tables.push(content),
  );
  await writeBackup(parts, passphrase, (block) => {
    bytes += block.length;
    return write(block);
  });
  return { at: about.at, bytes, tables };
}

// Found out now, not when it is needed. Throws AppSecretLost or WrongAppSecret.
function secretThatOpens({ appSecret, dataDir }: Config, sealedPepper: Buffer): string {
  const secret = appSecret ?? readAppSecret(dataDir, false);
  openPepper(secret, sealedPepper);
  return secret;
}

function writerOf({ stdout }: Terminal): Write {
  return (bytes) =>
    new Promise<void>((resolve, reject) => {
      stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
}

function answerOf(
  { at, bytes, tables }: Written,
  { file, config, encrypted, began }: { file: string; config: Config; encrypted: boolean; began: number },
): Answer {
  const { summary, json } = tellContents(tables);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const where = config.appSecret === undefined ? `the file ${appSecretFile(config.dataDir)}` : "APP_SECRET";
  const lines = [
    `Backed up as of ${at}, ${bytes} bytes in ${seconds} s: ${summary}`,
    encrypted
      ? "It is encrypted and holds APP_SECRET. Keep its passphrase in another place: nothing else opens it."
      : `It is not encrypted. Keep ${where} as well, in another place: without that secret it cannot be restored.`,
  ];
  return { ok: true, lines, json: { file, at, bytes, encrypted, holdsAppSecret: encrypted, ...json } };
}
