import type { Queryable } from "../platform/database";

/** The database server's version and what its clock says. */
export async function readServer(db: Queryable): Promise<{ version: string; at: Date }> {
  const { rows } = await db.query<{ version: string; at: Date }>(
    "select current_setting('server_version') as version, clock_timestamp() as at",
  );
  const [row] = rows;
  if (!row) throw new Error("The database gave no answer");
  return row;
}
