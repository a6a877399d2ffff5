import type { KeyOwner } from "../../base/key-owner";
import type { Queryable } from "../../platform/database";

/** How long ago, in words; the first that fits. */
export const AGES = ["under 30 days", "30 to 90 days", "90 to 365 days", "over 365 days"] as const;
export const LAST_USES = ["under 1 day", "1 to 30 days", "30 to 90 days", "over 90 days", "never"] as const;

/** How many live keys of one kind of owner are of this age and were last used so long ago. */
export type KeyCount = {
  kind: KeyOwner["kind"];
  age: (typeof AGES)[number];
  lastUse: (typeof LAST_USES)[number];
  keys: number;
};

/** Live keys of active accounts by owner, age and last use, without those there are none of; reads the whole tables. */
export async function countKeysByAge(db: Queryable): Promise<KeyCount[]> {
  const { rows } = await db.query<KeyCount>(
    `select kind, ${inWords("created_at", AGES, [30, 90, 365])} as age,
            case when used_at is null then '${LAST_USES[4]}' else ${inWords("used_at", LAST_USES, [1, 30, 90])} end as "lastUse",
            count(*)::float8 as keys
       from (select case when k.person_id is null then 'service-account' else 'person' end as kind, k.created_at,
                    (select max(last_seen_at) from api_key_callers c where c.key_id = k.id and accepted > 0) as used_at
               from api_keys k left join people p on p.id = k.person_id
                               left join service_accounts s on s.id = k.service_account_id
              where k.ended_at is null and coalesce(p.deactivated_at, s.deactivated_at) is null) live
      group by 1, 2, 3`,
  );
  return rows;
}

function inWords(column: string, words: readonly string[], days: number[]): string {
  const cases = days.map((most, i) => `when ${column} > now() - interval '${most} days' then '${words[i]}'`);
  return `case ${cases.join(" ")} else '${words[days.length]}' end`;
}
