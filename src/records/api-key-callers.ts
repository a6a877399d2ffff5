import type { Queryable } from "../platform/database";

/** One client at one address that calls with a key. */
export type ApiKeyCaller = {
  client: string;
  address: string;
  firstSeenAt: Date;
  lastSeenAt: Date;
  accepted: string;
  refused: string;
};

/** Calls gathered since they were last written. */
export type GatheredCalls = {
  keyId: string;
  client: string;
  address: string;
  firstSeenAt: Date;
  lastSeenAt: Date;
  accepted: number;
  refused: number;
};

/** Adds gathered calls to what is known, in one statement; each key, client and address at most once in the list. */
export async function addCalls(db: Queryable, calls: GatheredCalls[]): Promise<void> {
  await db.query(
    `insert into api_key_callers as c (key_id, client, address, first_seen_at, last_seen_at, accepted, refused)
     select "keyId", client, address, "firstSeenAt", "lastSeenAt", accepted, refused
       from json_to_recordset($1) as g("keyId" text, client text, address text, "firstSeenAt" timestamptz,
                                       "lastSeenAt" timestamptz, accepted bigint, refused bigint)
       join api_keys k on k.id = g."keyId"
      order by "keyId", client, address
     on conflict (key_id, client, address) do update set
       last_seen_at = greatest(c.last_seen_at, excluded.last_seen_at),
       accepted = c.accepted + excluded.accepted,
       refused = c.refused + excluded.refused`,
    [JSON.stringify(calls)],
  );
}

/** The callers of a key, the latest first, at most `most` rows. */
export async function listCallers(db: Queryable, keyId: string, most: number): Promise<ApiKeyCaller[]> {
  const { rows } = await db.query<ApiKeyCaller>(
    `select client, address, first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt", accepted, refused
       from api_key_callers where key_id = $1 order by last_seen_at desc limit $2`,
    [keyId, most],
  );
  return rows;
}
