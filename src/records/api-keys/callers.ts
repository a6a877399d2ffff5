import { type KeyOwner, OWNER_COLUMN } from "../../base/key-owner";
import type { Queryable } from "../../platform/database";

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

// A client that changes its name with every call must not fill the table, nor push the others off the page.
const MOST_CALLERS = 200;
/** Under which name callers are counted together where there are too many to tell apart. */
export const OTHERS = { client: "other clients", address: "various addresses" };

/**
 * Adds gathered calls to what is known, in one statement; each key, client and address at most once in the list. Past
 * 200 callers of a key, further ones are counted together.
 */
export async function addCalls(db: Queryable, calls: GatheredCalls[]): Promise<void> {
  await db.query(
    `with given as (
       select g.*, c.key_id is not null as known
         from json_to_recordset($1) as g("keyId" text, client text, address text, "firstSeenAt" timestamptz,
                                         "lastSeenAt" timestamptz, accepted bigint, refused bigint)
         join api_keys k on k.id = g."keyId"
         left join api_key_callers c on (c.key_id, c.client, c.address) = (g."keyId", g.client, g.address)
     ), placed as (
       select given.*, known or (select count(*) from api_key_callers c where c.key_id = given."keyId")
         + row_number() over (partition by "keyId", known order by "firstSeenAt") <= $2 as apart
       from given
     )
     insert into api_key_callers as c (key_id, client, address, first_seen_at, last_seen_at, accepted, refused)
     select "keyId", case when apart then client else $3 end, case when apart then address else $4 end,
            min("firstSeenAt"), max("lastSeenAt"), sum(accepted), sum(refused)
       from placed group by 1, 2, 3 order by 1, 2, 3
     on conflict (key_id, client, address) do update set
       last_seen_at = greatest(c.last_seen_at, excluded.last_seen_at),
       accepted = c.accepted + excluded.accepted,
       refused = c.refused + excluded.refused`,
    [JSON.stringify(calls), MOST_CALLERS, OTHERS.client, OTHERS.address],
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

/**
 * One client at one address that called with a key that has ended. It has moved when a later key was accepted from
 * it, and is still calling when it was refused, if it has moved: after that.
 */
export type EndedKeyCaller = Pick<ApiKeyCaller, "client" | "address" | "lastSeenAt" | "refused"> & {
  keyId: string;
  moved: boolean;
  stillCalling: boolean;
};

/**
 * The callers of an owner's key that ended last, and those that were still refused with an earlier one after that key
 * was made; the latest first, at most `most` rows.
 */
export async function listCallersOfEndedKeys(
  db: Queryable,
  owner: KeyOwner,
  last: { id: string; createdAt: Date },
  most: number,
): Promise<EndedKeyCaller[]> {
  const { rows } = await db.query<EndedKeyCaller>(
    `select "keyId", client, address, "lastSeenAt", refused, over_at is not null as moved,
            refused > 0 and (over_at is null or "lastSeenAt" > over_at) as "stillCalling"
       from (select c.key_id as "keyId", c.client, c.address, c.last_seen_at as "lastSeenAt", c.refused, k.ended_at,
                    min(c.first_seen_at) filter (where c.accepted > 0) over (
                      partition by c.client, c.address order by k.created_at desc
                      rows between unbounded preceding and 1 preceding) as over_at
               from api_keys k join api_key_callers c on c.key_id = k.id
              where k.${OWNER_COLUMN[owner.kind]} = $1) callers
      where ended_at is not null
        and ("keyId" = $2 or refused > 0 and (over_at is null or "lastSeenAt" > over_at) and "lastSeenAt" > $3)
      order by "lastSeenAt" desc limit $4`,
    [owner.id, last.id, last.createdAt, most],
  );
  return rows;
}
