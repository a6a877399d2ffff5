import { createHash } from "node:crypto";
import type { Part } from "./parts";
import { damaged } from "./unreadable";

/** A table in a backup, with the columns in the order of its data. */
export type Table = { name: string; columns: string[] };

/** How much a table holds: its rows, and SHA-256 over its data (Postgres's text format, in the order of its key). */
export type Content = Table & { rows: number; sha256: string };

/** The first note: what the backup says of itself, and the tables that follow. */
type Beginning = { about: unknown; tables: Table[] };

const GATHER = 64 * 1024;

/** A backup's parts: what it says of itself, then each table with what `dataOf` gives, and its content. */
export async function* writeTables(
  about: unknown,
  tables: Table[],
  dataOf: (table: Table) => AsyncIterable<Buffer>,
  written: (content: Content) => void,
): AsyncGenerator<Part> {
  yield { note: { about, tables } satisfies Beginning };
  for (const table of tables) {
    const tally = new Tally();
    for await (const data of gathered(dataOf(table))) {
      tally.add(data);
      yield { data };
    }
    yield { note: tally.sum };
    written({ ...table, ...tally.sum });
  }
}

/** Receives what a backup holds while it is read. */
export type Reader = {
  begin(about: unknown, tables: Table[]): Promise<void> | void;
  /** Must take all of the data before it resolves. */
  table(table: Table, data: AsyncIterable<Buffer>): Promise<void>;
};

/** Hands a backup's tables on, and returns the content of each. Throws BackupUnreadable where it is not as written. */
export async function readTables(parts: AsyncIterable<Part>, reader: Reader): Promise<Content[]> {
  const source = parts[Symbol.asyncIterator]();
  const first = await nextNote(source);
  const { about, tables } = first as Beginning;
  await reader.begin(about, tables);
  const contents: Content[] = [];
  for (const table of tables) {
    const tally = new Tally();
    await reader.table(table, dataUntilNote(source, tally));
    const { rows, sha256 } = tally.sum;
    const noted = tally.noted as Partial<Content> | undefined;
    if (noted?.rows !== rows || noted?.sha256 !== sha256) throw damaged(`in the table ${table.name}`);
    contents.push({ ...table, rows, sha256 });
  }
  if (!(await source.next()).done) throw damaged("something follows its last table");
  return contents;
}

/** The content of a table, from its data. */
export async function contentOf(table: Table, data: AsyncIterable<Buffer>): Promise<Content> {
  const tally = new Tally();
  for await (const chunk of data) tally.add(chunk);
  return { ...table, ...tally.sum };
}

/** One hash for all tables together: equal exactly when every table's content is. */
export function hashOfAll(contents: Content[]): string {
  const list = contents.map(({ name, columns, rows, sha256 }) => [name, columns, rows, sha256]);
  return createHash("sha256").update(JSON.stringify(list)).digest("hex");
}

async function nextNote(source: AsyncIterator<Part>): Promise<unknown> {
  const { value, done } = await source.next();
  if (done || !("note" in value)) throw damaged("its beginning is missing");
  return value.note;
}

async function* dataUntilNote(source: AsyncIterator<Part>, tally: Tally): AsyncGenerator<Buffer> {
  for (let next = await source.next(); !next.done; next = await source.next()) {
    if ("note" in next.value) {
      tally.noted = next.value.note;
      return;
    }
    tally.add(next.value.data);
    yield next.value.data;
  }
}

/** Counts rows, one a line, and hashes them. */
class Tally {
  noted: unknown;
  #rows = 0;
  readonly #hash = createHash("sha256");

  add(data: Buffer): void {
    this.#hash.update(data);
    for (let at = data.indexOf(10); at >= 0; at = data.indexOf(10, at + 1)) this.#rows++;
  }

  get sum(): { rows: number; sha256: string } {
    return { rows: this.#rows, sha256: this.#hash.copy().digest("hex") };
  }
}

// Postgres sends row by row; parts so small would cost more than what is in them.
async function* gathered(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let length = 0;
  for await (const chunk of source) {
    held.push(chunk);
    length += chunk.length;
    if (length < GATHER) continue;
    yield Buffer.concat(held);
    [held, length] = [[], 0];
  }
  if (length > 0) yield Buffer.concat(held);
}
