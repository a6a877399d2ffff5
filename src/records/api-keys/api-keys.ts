import type { Pool } from "pg";
import { type KeyOwner, OWNER_COLUMN } from "../../base/key-owner";
import type { Queryable } from "../../platform/database";
import { listed, queryPrepared } from "../../platform/prepared";

/** A key as pages show it; the key itself is stored nowhere. */
export type ApiKey = { id: string; createdAt: Date; endedAt: Date | null; replacedBy: string | null };

/** A key as a check sees it. */
export type CheckedApiKey = {
  id: string;
  hash: Buffer;
  live: boolean;
  /** What stands before the key in HTTP Basic: a person's email, or a service account's name. */
  name: string;
};

/** A key as a check sees it, with its owner. */
export type OwnedApiKey = CheckedApiKey & {
  owner: KeyOwner;
  /** Null for a service account. */
  firstName: string | null;
  lastName: string | null;
  roles: string[];
};

const COLUMNS = `id, created_at as "createdAt", ended_at as "endedAt", replaced_by as "replacedBy"`;

/** The owner's live key. */
export async function findLiveApiKey(db: Queryable, owner: KeyOwner): Promise<ApiKey | undefined> {
  const { rows } = await db.query<ApiKey>(
    `select ${COLUMNS} from api_keys where ${OWNER_COLUMN[owner.kind]} = $1 and ended_at is null`,
    [owner.id],
  );
  return rows[0];
}

/** The id of the account that a key is or was of, by the key's own id. */
export async function findApiKeyOwnerId(db: Queryable, id: string): Promise<string | undefined> {
  const { rows } = await db.query<{ ownerId: string }>(
    `select coalesce(person_id, service_account_id) as "ownerId" from api_keys where id = $1`,
    [id],
  );
  return rows[0]?.ownerId;
}

/** Adds an owner's first live key. False when they already have one. */
export async function insertApiKey(
  db: Queryable,
  owner: KeyOwner,
  key: { id: string; hash: Buffer },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into api_keys (id, ${OWNER_COLUMN[owner.kind]}, hash) values ($1, $2, $3)
     on conflict (${OWNER_COLUMN[owner.kind]}) where ended_at is null do nothing`,
    [key.id, owner.id, key.hash],
  );
  return rowCount === 1;
}

/** Replaces exactly the key with this id by a new one, in one statement. False when that key is not live any more. */
export async function replaceApiKey(
  db: Queryable,
  owner: KeyOwner,
  replacedId: string,
  key: { id: string; hash: Buffer },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `with ended as (
       update api_keys set ended_at = clock_timestamp(), replaced_by = $3
        where id = $2 and ${OWNER_COLUMN[owner.kind]} = $1 and ended_at is null returning id
     )
     insert into api_keys (id, ${OWNER_COLUMN[owner.kind]}, hash) select $3, $1, $4 from ended`,
    [owner.id, replacedId, key.id, key.hash],
  );
  return rowCount === 1;
}

/** Ends exactly the key with this id. False when it is not live any more. */
export async function endApiKey(db: Queryable, owner: KeyOwner, id: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update api_keys set ended_at = clock_timestamp()
      where id = $2 and ${OWNER_COLUMN[owner.kind]} = $1 and ended_at is null`,
    [owner.id, id],
  );
  return rowCount === 1;
}

// One owner after the other by its index: a join makes Postgres read everybody for a handful of keys.
const OF_THESE = `from api_keys k
            cross join lateral (
              select 'person' as kind, id as owner_id, email as name, first_name, last_name, roles, deactivated_at
                from people where id = k.person_id
              union all
              select 'service-account', id, name, null, null, roles, deactivated_at
                from service_accounts where id = k.service_account_id) o
      where k.id = any(${listed(1, "text")})`;
const CHECKED = "k.id, k.hash, k.ended_at is null and o.deactivated_at is null as live, o.name";

// Without the owner's columns: most who ask want none of them, and each would cost as much as the id.
const FOR_CHECK = { name: "checked-api-keys", text: `select ${CHECKED} ${OF_THESE}` };
const WITH_OWNERS = {
  name: "owned-api-keys",
  text: `select ${CHECKED}, o.kind, o.owner_id as "ownerId", o.first_name as "firstName", o.last_name as "lastName",
            o.roles ${OF_THESE}`,
};

/** Keys by their ids, in the order asked for; not live once ended or the owner deactivated. Never cached. */
export async function findApiKeysForCheck(db: Pool, ids: string[]): Promise<(CheckedApiKey | undefined)[]> {
  const { rows } = await queryPrepared<CheckedApiKey>(db, FOR_CHECK, [ids]);
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => found.get(id));
}

/** The same, with their owners as they are at this moment. */
export async function findApiKeysWithOwners(db: Pool, ids: string[]): Promise<(OwnedApiKey | undefined)[]> {
  type Row = OwnedApiKey & { kind: KeyOwner["kind"]; ownerId: string };
  const { rows } = await queryPrepared<Row>(db, WITH_OWNERS, [ids]);
  const found = new Map<string, OwnedApiKey>();
  for (const row of rows) {
    row.owner = { kind: row.kind, id: row.ownerId };
    found.set(row.id, row);
  }
  return ids.map((id) => found.get(id));
}
