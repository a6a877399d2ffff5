import type { Queryable } from "../platform/database";

/** The database server's version, what its clock says, and whether it takes no changes. */
export type DatabaseServer = { version: string; at: Date; readOnly: boolean };

/** Asks the database server about itself. */
export async function readServer(db: Queryable): Promise<DatabaseServer> {
  const { rows } = await db.query<DatabaseServer>(
    `select current_setting('server_version') as version, clock_timestamp() as at,
            pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as "readOnly"`,
  );
  const [row] = rows;
  if (!row) throw new Error("The database gave no answer");
  return row;
}
