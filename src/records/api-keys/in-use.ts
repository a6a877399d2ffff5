import type { Pool } from "pg";
import type { KeyOwner } from "../../base/key-owner";
import { queryPrepared } from "../../platform/prepared";
import type { ApiKey } from "./api-keys";
import type { ApiKeyCaller } from "./callers";

/** An owner's live key with its latest callers, the latest first, and the key that ended last. */
export type KeyInUse = { live: ApiKey | undefined; callers: ApiKeyCaller[]; ended: ApiKey | undefined };

const OF_OWNER = "(person_id = o.person or service_account_id = o.account)";

const FIND = {
  name: "keys-in-use",
  text: `select o.place::int, k.id, k.created_at as "createdAt", k.ended_at as "endedAt", k.replaced_by as "replacedBy",
       (select json_agg(c) from (
          select client, address, first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt",
                 accepted::text, refused::text
            from api_key_callers where key_id = k.id and k.ended_at is null
           order by last_seen_at desc limit $3) c) as callers
  from unnest($1::uuid[], $2::uuid[]) with ordinality as o(person, account, place)
       cross join lateral (
         (select * from api_keys where ${OF_OWNER} and ended_at is null)
         union all
         (select * from api_keys where ${OF_OWNER} and ended_at is not null order by ended_at desc limit 1)) k`,
};

type Row = ApiKey & { place: number; callers: ApiKeyCaller[] | null };

/** For each owner, in the order asked for, with at most `most` callers each. */
export async function findKeysInUse(db: Pool, owners: KeyOwner[], most: number): Promise<KeyInUse[]> {
  const idsOf = (kind: KeyOwner["kind"]) => owners.map((owner) => (owner.kind === kind ? owner.id : null));
  const { rows } = await queryPrepared<Row>(db, FIND, [idsOf("person"), idsOf("service-account"), most]);
  const found = owners.map((): KeyInUse => ({ live: undefined, callers: [], ended: undefined }));
  for (const { place, callers, ...key } of rows) {
    const mine = found[place - 1] as KeyInUse;
    if (key.endedAt) mine.ended = key;
    else Object.assign(mine, { live: key, callers: (callers ?? []).map(withTimes) });
  }
  return found;
}

// JSON has no times.
function withTimes(caller: ApiKeyCaller): ApiKeyCaller {
  return { ...caller, firstSeenAt: new Date(caller.firstSeenAt), lastSeenAt: new Date(caller.lastSeenAt) };
}
