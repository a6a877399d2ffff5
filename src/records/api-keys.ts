import type { Queryable } from "../platform/database";

/** A key as pages show it; the key itself is stored nowhere. */
export type ApiKey = { id: string; createdAt: Date; endedAt: Date | null; replacedBy: string | null };

/** A key as a check sees it, with its owner. */
export type CheckedApiKey = {
  id: string;
  hash: Buffer;
  live: boolean;
  personId: string;
  email: string;
  firstName: string;
  lastName: string;
  roles: string[];
};

const COLUMNS = `id, created_at as "createdAt", ended_at as "endedAt", replaced_by as "replacedBy"`;

/** The person's live key. */
export async function findLiveApiKey(db: Queryable, personId: string): Promise<ApiKey | undefined> {
  const { rows } = await db.query<ApiKey>(
    `select ${COLUMNS} from api_keys where person_id = $1 and ended_at is null`,
    [personId],
  );
  return rows[0];
}

/** The person's key that ended last. */
export async function findLastEndedApiKey(db: Queryable, personId: string): Promise<ApiKey | undefined> {
  const { rows } = await db.query<ApiKey>(
    `select ${COLUMNS} from api_keys where person_id = $1 and ended_at is not null order by ended_at desc limit 1`,
    [personId],
  );
  return rows[0];
}

/** Adds a person's first live key. False when they already have one. */
export async function insertApiKey(
  db: Queryable,
  personId: string,
  key: { id: string; hash: Buffer },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into api_keys (id, person_id, hash) values ($1, $2, $3)
     on conflict (person_id) where ended_at is null do nothing`,
    [key.id, personId, key.hash],
  );
  return rowCount === 1;
}

/** Replaces exactly the key with this id by a new one, in one statement. False when that key is not live any more. */
export async function replaceApiKey(
  db: Queryable,
  personId: string,
  replacedId: string,
  key: { id: string; hash: Buffer },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `with ended as (
       update api_keys set ended_at = clock_timestamp(), replaced_by = $3
        where id = $2 and person_id = $1 and ended_at is null returning id
     )
     insert into api_keys (id, person_id, hash) select $3, $1, $4 from ended`,
    [personId, replacedId, key.id, key.hash],
  );
  return rowCount === 1;
}

/** Ends exactly the key with this id. False when it is not live any more. */
export async function endApiKey(db: Queryable, personId: string, id: string): Promise<boolean> {
  const { rowCount } = await db.query(
    "update api_keys set ended_at = clock_timestamp() where id = $2 and person_id = $1 and ended_at is null",
    [personId, id],
  );
  return rowCount === 1;
}

/** A key by its id with its owner; not live once it has ended or its owner is deactivated. Never cached. */
export async function findApiKeyForCheck(db: Queryable, id: string): Promise<CheckedApiKey | undefined> {
  const { rows } = await db.query<CheckedApiKey>(
    `select k.id, k.hash, k.ended_at is null and p.deactivated_at is null as live, p.id as "personId", p.email,
            p.first_name as "firstName", p.last_name as "lastName", p.roles
       from api_keys k join people p on p.id = k.person_id where k.id = $1`,
    [id],
  );
  return rows[0];
}
