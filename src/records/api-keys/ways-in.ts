import type { Pool } from "pg";
import type { KeyOwner } from "../../base/key-owner";
import { queryPrepared } from "../../platform/prepared";
import type { ApiKey } from "./api-keys";
import type { ApiKeyCaller } from "./callers";

/**
 * How an owner gets in but by password: the live key with its latest callers, the latest first, the key that ended last,
 * and how many recovery codes a person has left.
 */
export type WaysIn = {
  live: ApiKey | undefined;
  callers: ApiKeyCaller[];
  ended: ApiKey | undefined;
  recoveryCodesLeft: number;
};

const OF_OWNER = "(person_id = o.person or service_account_id = o.account)";

const FIND = {
  name: "ways-in",
  text: `select o.place::int,
       (select count(*) from recovery_codes where person_id = o.person and used_at is null)::int as "recoveryCodesLeft",
       k.id, k.created_at as "createdAt", k.ended_at as "endedAt", k.replaced_by as "replacedBy",
       (select json_agg(c) from (
          select client, address, first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt",
                 accepted::text, refused::text
            from api_key_callers where key_id = k.id and k.ended_at is null
           order by last_seen_at desc limit $3) c) as callers
  from unnest($1::uuid[], $2::uuid[]) with ordinality as o(person, account, place)
       left join lateral (
         (select * from api_keys where ${OF_OWNER} and ended_at is null)
         union all
         (select * from api_keys where ${OF_OWNER} and ended_at is not null order by ended_at desc limit 1)) k on true`,
};

type Row = (ApiKey | { id: null; endedAt: null }) & {
  place: number;
  callers: ApiKeyCaller[] | null;
  recoveryCodesLeft: number;
};

/** For each owner, in the order asked for, with at most `most` callers each. */
export async function findWaysIn(db: Pool, owners: KeyOwner[], most: number): Promise<WaysIn[]> {
  const idsOf = (kind: KeyOwner["kind"]) => owners.map((owner) => (owner.kind === kind ? owner.id : null));
  const { rows } = await queryPrepared<Row>(db, FIND, [idsOf("person"), idsOf("service-account"), most]);
  const found = owners.map(
    (): WaysIn => ({ live: undefined, callers: [], ended: undefined, recoveryCodesLeft: 0 }),
  );
  for (const { place, callers, recoveryCodesLeft, ...key } of rows) {
    const mine = found[place - 1] as WaysIn;
    mine.recoveryCodesLeft = recoveryCodesLeft;
    if (key.id === null) continue;
    if (key.endedAt) mine.ended = key;
    else Object.assign(mine, { live: key, callers: (callers ?? []).map(withTimes) });
  }
  return found;
}

// JSON has no times.
function withTimes(caller: ApiKeyCaller): ApiKeyCaller {
  return { ...caller, firstSeenAt: new Date(caller.firstSeenAt), lastSeenAt: new Date(caller.lastSeenAt) };
}
