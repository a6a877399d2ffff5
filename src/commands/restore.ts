import { pipeline } from "node:stream/promises";
import type { Pool, PoolClient } from "pg";
import { keepAppSecret } from "../platform/app-secret";
import { type Content, contentOf, hashOfAll, needsPassphrase } from "../platform/backup-file";
import type { Config } from "../platform/config";
import { openPool, transaction } from "../platform/database";
import { findRunningPostgres } from "../platform/embedded-postgres";
import { listDoneMigrations, migrate } from "../platform/migrations";
import { writeNewFile } from "../platform/new-file";
import { copyIn, copyOut, speakPlainly } from "../records/backup/copy";
import { listStoredTables } from "../records/backup/tables";
import {
  analyzeTables,
  continueNumbers,
  countOtherConnections,
  isInhabited,
  takeInstallationAway,
} from "../records/backup/target";
import { type Contents, checkContents, readContents, tellContents } from "./backup-contents";
import { type Answer, type Command, CommandRefused, UsageMistake } from "./command";
import { MIGRATIONS, openDatabase } from "./open-installation";
import { secretForRestoring } from "./restored-secret";
import { takePassphrase } from "./take-passphrase";

type Source = { file: string; passphrase: string | undefined; contents: Contents };

/** `restore`: makes an empty installation what a backup holds, or leaves it empty. */
export const restore: Command = {
  usage: "restore FILE [--check [--save-secret PATH]]",
  brief: "makes an empty installation what the backup holds, or only checks the file",
  help:
    "Makes an empty installation (a new DATA_DIR, or a DATABASE_URL with nothing in it) what the backup holds. The whole\n" +
    "file is read and checked first, and what is loaded is compared with it before it counts. Stopped at any point, it\n" +
    "leaves the installation empty and can be run again. The program must not be running.\n\n" +
    "An encrypted backup needs its passphrase, from BACKUP_PASSPHRASE, BACKUP_PASSPHRASE_FILE or the terminal, and brings\n" +
    "APP_SECRET into DATA_DIR; any other needs the APP_SECRET of its installation, or the file app-secret put into DATA_DIR.\n" +
    "Everybody signs in anew.\n\n" +
    "--check              only check the file: no database is needed or touched\n" +
    "--save-secret PATH   with --check: write the APP_SECRET of an encrypted backup into a new file",
  options: { check: { type: "boolean" }, "save-secret": { type: "string" } },
  positionals: 1,
  async run({ config, values: { "save-secret": secretPath }, words: [file = ""], flags, terminal }) {
    if (secretPath !== undefined && !flags.has("check")) {
      throw new UsageMistake("--save-secret goes with --check.");
    }
    const began = performance.now();
    const passphrase = (await needsPassphrase(file)) ? await takePassphrase(config, terminal) : undefined;
    const contents = await checkContents(file, passphrase);
    if (flags.has("check")) return answerToCheck(contents, passphrase !== undefined, secretPath);
    const secret = secretForRestoring(config, contents.about);
    await refuseRunning(config);
    const { url, close } = await openDatabase(config, true);
    try {
      const db = openPool(url, () => {}, { max: 1 });
      try {
        await load(db, url, { file, passphrase, contents }, () => {
          if (secret.keep) keepAppSecret(config.dataDir, secret.value);
        });
      } finally {
        await db.end();
      }
    } finally {
      await close();
    }
    return answerToRestore(contents, began, secret.keep);
  },
};

async function refuseRunning({ databaseUrl, dataDir }: Config): Promise<void> {
  if (databaseUrl !== undefined || !(await findRunningPostgres(dataDir))) return;
  throw new CommandRefused(`A Latchkey is running on ${dataDir}. Stop it first. Nothing was changed.`);
}

async function load(db: Pool, url: string, source: Source, beforeCommit: () => void): Promise<void> {
  const { migrations } = source.contents.about;
  await refuseUnfit(db, migrations);
  await migrate(url, MIGRATIONS, () => {}, migrations.at(-1));
  await transaction(db, async (tx) => {
    await speakPlainly(tx);
    await takeInstallationAway(tx);
    // Asked again, now that nobody can set it up any more.
    if (await isInhabited(tx)) throw inhabited();
    await loadTables(tx, source);
    await continueNumbers(tx);
    await compare(tx, source.contents.tables);
    beforeCommit();
  });
  await migrate(url, MIGRATIONS, () => {});
  await analyzeTables(db);
}

async function refuseUnfit(db: Pool, migrations: string[]): Promise<void> {
  if (await isInhabited(db)) throw inhabited();
  const client = await db.connect();
  const done = await listDoneMigrations(client).finally(() => client.release());
  const beyond = done.filter((name) => !migrations.includes(name));
  if (beyond.length > 0) {
    throw new CommandRefused(
      `The database has had migrations that the backup had not (${beyond.join(", ")}), and they only go forward. ` +
        "Restore into a database, or a DATA_DIR, with nothing in it. Nothing was changed.",
    );
  }
  if (await othersStay(db)) {
    throw new CommandRefused(
      "Others are connected to this database. Stop every Latchkey, and whatever else uses it, first; what a pooler keeps " +
        "open counts too. Nothing was changed.",
    );
  }
}

function inhabited(): CommandRefused {
  return new CommandRefused(
    "The installation is not empty: somebody has set it up. Restore into a database, or a DATA_DIR, with nothing in it. " +
      "Nothing was changed.",
  );
}

// A program that has just ended, or a restore that was killed, takes a moment to leave.
async function othersStay(db: Pool): Promise<boolean> {
  for (let tries = 0; tries < 25; tries++) {
    if ((await countOtherConnections(db)) === 0) return false;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return true;
}

async function loadTables(tx: PoolClient, { file, passphrase, contents }: Source): Promise<void> {
  const named = contents.tables.map(({ name, columns }) => ({ name, columns }));
  if (JSON.stringify(named) !== JSON.stringify(await listStoredTables(tx))) {
    throw new CommandRefused(
      "The backup's tables are not those its version of Latchkey has. Nothing was changed.",
    );
  }
  const again = await readContents(file, passphrase, (table, data) => pipeline(data, copyIn(tx, table)));
  if (hashOfAll(again.tables) !== hashOfAll(contents.tables)) {
    throw new CommandRefused("The backup was changed while it was read. Nothing was changed.");
  }
}

async function compare(tx: PoolClient, tables: Content[]): Promise<void> {
  for (const table of tables) {
    const { name, columns } = table;
    const loaded = await contentOf({ name, columns }, copyOut(tx, table));
    if (hashOfAll([loaded]) !== hashOfAll([table])) {
      throw new Error(`The table ${name} did not become what the backup holds. Nothing was changed.`);
    }
  }
}

async function answerToCheck(
  { about, tables }: Contents,
  encrypted: boolean,
  secretPath: string | undefined,
): Promise<Answer> {
  const { appSecret, latchkey, postgres, at } = about;
  if (secretPath !== undefined) {
    if (appSecret === undefined) throw new CommandRefused("The backup holds no APP_SECRET.");
    await writeNewFile(secretPath, (write) => write(Buffer.from(`${appSecret}\n`)));
  }
  const { summary, json } = tellContents(tables);
  const lines = [
    `The backup is whole: as of ${at}, by Latchkey ${latchkey} from Postgres ${postgres}, ${summary}`,
    appSecret === undefined
      ? "It holds no APP_SECRET: restoring it needs that of its installation."
      : "It holds APP_SECRET.",
    ...(secretPath === undefined ? [] : [`APP_SECRET is in ${secretPath} now.`]),
  ];
  const holdsAppSecret = appSecret !== undefined;
  return { ok: true, lines, json: { at, latchkey, postgres, encrypted, holdsAppSecret, ...json } };
}

function answerToRestore({ about, tables }: Contents, began: number, secretKept: boolean): Answer {
  const { summary, json } = tellContents(tables);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const lines = [
    `Restored as of ${about.at}, in ${seconds} s: ${summary}`,
    ...(secretKept ? ["APP_SECRET is in the data folder again."] : []),
    "Everybody signs in anew. Whatever was revoked or ended since that time is to be revoked or ended again.",
  ];
  return { ok: true, lines, json: { at: about.at, secretKept, ...json } };
}
