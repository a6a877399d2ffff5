import type { TestDesk } from "../../support/desk";

/** A committed transaction that changed something: in which tables, and which clients its entries in the trail name. */
export type Change = { tables: string[]; clients: string[] };

/**
 * What the desk keeps house with, and no form is there to change: guesses counted, who calls with keys, the links of the
 * trail's chain, the programs that run. Every other table is watched, also one that is new.
 */
const HOUSEKEEPING = ["api_key_callers", "replicas", "throttles", "trail_chain", "trail_unlinked"];

/** Where only a part of a row is what forms change: neither activity and notices, nor guesses, nor whether letters went. */
const PARTS: Record<string, (row: string) => string> = {
  sessions: (row) => `${row}.id, ${row}.sid, ${row}.person_id, ${row}.stage`,
  second_factors: (row) => `${row}.id, ${row}.person_id, ${row}.sealed_secret, ${row}.pending_in is null`,
  mail: (row) => `${row}.id, ${row}.recipient`,
};

/** An enrolment is begun by looking at its page; it counts once a code has confirmed it. */
const counts = (table: string, row: string) =>
  table === "second_factors" ? `${row}.pending_in is null` : "true";

/** From now on notes each row that is made, changed or taken away, with its transaction, whatever table it is in. */
export async function noteChanges({ db }: Pick<TestDesk, "db">): Promise<void> {
  const { rows: tables } = await db.query<{ name: string }>(
    "select tablename as name from pg_tables where schemaname = 'public' and not (tablename = any($1))",
    [[...HOUSEKEEPING, "pgmigrations"]],
  );
  await db.query(`
    create unlogged table noted_changes (xact xid8 not null, what text not null, client text);
    create function note_change() returns trigger language plpgsql as $$
      begin
        insert into noted_changes values (pg_current_xact_id(), tg_table_name,
          case when tg_table_name = 'trail' then to_jsonb(new)->>'client' end);
        return null;
      end $$;`);
  for (const { name } of tables) {
    const part = PARTS[name] ?? ((row: string) => `${row}.*`);
    await db.query(`
      create trigger note_insert after insert on ${name} for each row
        when (${counts(name, "new")}) execute function note_change();
      create trigger note_delete after delete on ${name} for each row
        when (${counts(name, "old")}) execute function note_change();
      create trigger note_update after update on ${name} for each row
        when ((${counts(name, "old")} or ${counts(name, "new")}) and
              row(${part("old")}) is distinct from row(${part("new")})) execute function note_change();`);
  }
}

/** Takes what was noted since the last time. */
export async function takeChanges({ db }: Pick<TestDesk, "db">): Promise<Change[]> {
  const { rows } = await db.query<Change>(
    `with taken as (delete from noted_changes returning xact, what, client)
     select array_agg(distinct what) as tables,
            coalesce(array_agg(distinct client) filter (where client is not null), '{}') as clients
       from taken group by xact`,
  );
  return rows;
}
