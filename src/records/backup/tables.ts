import type { Queryable } from "../../platform/database";

/** A table as a backup holds it: the columns that are stored, in the order of the table. */
export type StoredTable = { name: string; columns: string[] };

type Listed = { name: string; key: string; only?: string };

// In the order of their foreign keys. Texts in the order of their bytes: databases sort words differently. What depends on
// a session is left out with it, and a letter that waits would be sent by every copy.
const TABLES: Listed[] = [
  { name: "installation", key: "only_row" },
  { name: "people", key: "id" },
  { name: "second_factors", key: "id", only: "pending_in is null" },
  { name: "recovery_codes", key: "person_id, hash" },
  { name: "service_accounts", key: "id" },
  { name: "api_keys", key: 'id collate "C"' },
  { name: "api_key_callers", key: 'key_id collate "C", client collate "C", address collate "C"' },
  { name: "links", key: "hash" },
  { name: "roles", key: 'name collate "C"' },
  { name: "mail", key: "id", only: "sent_at is not null or given_up_at is not null" },
  { name: "trail", key: "id" },
  { name: "trail_chain", key: "position" },
  { name: "trail_unlinked", key: "entry_id" },
];

/** Tables that no backup holds: a restored installation brings back no session, and counts tries anew. */
export const LEFT_OUT = ["sessions", "parked_forms", "throttles", "replicas"];

/** The names of the tables that backups hold. */
export const BACKED_UP = TABLES.map(({ name }) => name);

/** Those tables that this database has, without the columns Postgres works out itself. */
export async function listStoredTables(db: Queryable): Promise<StoredTable[]> {
  const { rows } = await db.query<StoredTable>(
    `select n.name, array_agg(a.attname::text order by a.attnum) as columns
       from unnest($1::text[]) with ordinality n(name, place) join pg_attribute a on a.attrelid = to_regclass(n.name)
      where a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      group by n.name, n.place order by n.place`,
    [BACKED_UP],
  );
  return rows;
}

/** How a table is read: `rowsOf` selects what a backup holds of it, always in the same order. */
export function rowsOf({ name, columns }: StoredTable): string {
  const { key, only } = listed(name);
  return `select ${listOf(columns)} from ${name}${only ? ` where ${only}` : ""} order by ${key}`;
}

/** The table with its columns, for COPY. */
export function columnsOf({ name, columns }: StoredTable): string {
  return `${listed(name).name} (${listOf(columns)})`;
}

// Names go into statements as they are: none but ours.
function listed(name: string): Listed {
  const found = TABLES.find((table) => table.name === name);
  if (!found) throw new Error(`No backup holds a table ${JSON.stringify(name)}`);
  return found;
}

function listOf(columns: string[]): string {
  return columns.map((column) => `"${column.replaceAll('"', '""')}"`).join(", ");
}
