import type { Queryable } from "../platform/database";

/** The kinds of values that stand sealed in a table, beside the pepper. */
export const SEALED_KINDS = ["authenticators", "letters", "parkedForms"] as const;

export type SealedKind = (typeof SEALED_KINDS)[number];

/** A sealed value with its place; `personId` is whose it is, "" for letters, and `whose` the email address it concerns. */
export type SealedValue = { key: string; sealed: Buffer; personId: string; whose: string | null };

type Where = {
  table: string;
  key: string;
  type: string;
  /** Below every key. */
  least: string;
  column: string;
  personId: string;
  whose: string;
};

const EMAIL = "(select p.email from people p where p.id = t.person_id)";

const WHERE: Record<SealedKind, Where> = {
  authenticators: {
    table: "second_factors",
    key: "id",
    type: "bigint",
    least: "0",
    column: "sealed_secret",
    personId: "t.person_id",
    whose: EMAIL,
  },
  letters: {
    table: "mail",
    key: "id",
    type: "uuid",
    least: "00000000-0000-0000-0000-000000000000",
    column: "sealed_letter",
    personId: "''",
    whose: "t.recipient",
  },
  parkedForms: {
    table: "parked_forms",
    key: "sid",
    type: "text",
    least: "",
    column: "sealed_fields",
    personId: "t.person_id",
    whose: EMAIL,
  },
};

/** Sealed values of one kind in the order of their keys, after this one or from the first on. */
export async function listSealed(
  db: Queryable,
  kind: SealedKind,
  after: string | undefined,
  most: number,
): Promise<SealedValue[]> {
  const { table, key, type, least, column, personId, whose } = WHERE[kind];
  const { rows } = await db.query<SealedValue>(
    `select t.${key}::text as key, t.${column} as sealed, ${personId} as "personId", ${whose} as whose from ${table} t
      where t.${key} > $1::${type} and t.${column} is not null order by t.${key} limit $2`,
    [after ?? least, most],
  );
  return rows;
}

/**
 * Puts these values in place of the sealed ones they were made from, and returns how many. Left as they are: those
 * that are another value meanwhile, and those somebody is just changing, so that nobody ever waits in a circle.
 */
export async function replaceSealed(
  db: Queryable,
  kind: SealedKind,
  values: { key: string; sealed: Buffer; resealed: Buffer }[],
): Promise<number> {
  const { table, key, type, column } = WHERE[kind];
  const { rowCount } = await db.query(
    `with given as materialized (
       select * from unnest($1::${type}[], $2::bytea[], $3::bytea[]) as g (key, sealed, resealed)),
     held as materialized (
       select g.* from ${table} t join given g on g.key = t.${key}
        order by g.key for no key update of t skip locked)
     update ${table} t set ${column} = h.resealed from held h where t.${key} = h.key and t.${column} = h.sealed`,
    [values.map((value) => value.key), values.map((value) => value.sealed), values.map((v) => v.resealed)],
  );
  return rowCount ?? 0;
}
