import { z } from "zod";
import {
  BackupUnreadable,
  type Content,
  hashOfAll,
  type Reader,
  readBackup,
  readTables,
} from "../platform/backup-file";
import { listMigrations } from "../platform/migrations";
import { CommandRefused } from "./command";
import { MIGRATIONS } from "./open-installation";

const aboutSchema = z.object({
  /** The version of Latchkey that made it, and of the Postgres it was made from. */
  latchkey: z.string(),
  postgres: z.string(),
  at: z.iso.datetime(),
  /** The migrations the database had had. */
  migrations: z.array(z.string()).min(1),
  /** In base64, as the database has it: only the installation's APP_SECRET opens it. */
  sealedPepper: z.string().nullable(),
  /** Only ever in an encrypted backup. */
  appSecret: z.string().optional(),
});

const tablesSchema = z.array(z.object({ name: z.string(), columns: z.array(z.string()).min(1) })).min(1);

/** What a backup says of itself. */
export type About = z.infer<typeof aboutSchema>;

/** A backup as it was read: what it says of itself, and what each table holds. */
export type Contents = { about: About; tables: Content[] };

/** Reads a backup from its beginning to its end, handing each table's data to `load`. Throws BackupUnreadable. */
export async function readContents(
  file: string,
  passphrase: string | undefined,
  load: Reader["table"],
): Promise<Contents> {
  let about: About | undefined;
  const tables = await readBackup(file, passphrase, (parts) =>
    readTables(parts, {
      begin(said, listed) {
        const read = aboutSchema.safeParse(said);
        if (!read.success || !tablesSchema.safeParse(listed).success) {
          throw new BackupUnreadable(
            "The backup does not say what is in it as this Latchkey understands it.",
          );
        }
        about = read.data;
        refuseNewer(about);
      },
      table: load,
    }),
  );
  if (!about) throw new Error("A backup was read that says nothing of itself");
  return { about, tables };
}

/** Reads a whole backup for nothing but to know that it can be read. Throws BackupUnreadable. */
export function checkContents(file: string, passphrase: string | undefined): Promise<Contents> {
  return readContents(file, passphrase, async (_table, data) => {
    for await (const _ of data);
  });
}

/** What a command answers about tables, for people and for programs. */
export function tellContents(tables: Content[]): { summary: string; json: object } {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const sha256 = hashOfAll(tables);
  const listed = tables.map(({ name, rows, sha256 }) => ({ name, rows, sha256 }));
  return {
    summary: `${tables.length} tables with ${rows} rows, content ${sha256}`,
    json: { rows, sha256, tables: listed },
  };
}

// What a newer version's tables mean is not known here.
function refuseNewer({ migrations, latchkey }: About): void {
  const known = listMigrations(MIGRATIONS);
  const unknown = migrations.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new CommandRefused(
      `The backup was made by a newer Latchkey, ${latchkey} (it has ${unknown.join(", ")}). Restore it by that version or a later one.`,
    );
  }
  if (migrations.some((name, place) => name !== known[place])) {
    throw new BackupUnreadable("The backup's migrations are not those of any Latchkey.");
  }
}
