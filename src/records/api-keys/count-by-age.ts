import type { KeyOwner } from "../../base/key-owner";
import type { Queryable } from "../../platform/database";

/** How long ago, in words; the first that fits. */
export const AGES = ["under 30 days", "30 to 90 days", "90 to 365 days", "over 365 days"] as const;
export const LAST_USES = ["under 1 day", "1 to 30 days", "30 to 90 days", "over 90 days", "never"] as const;

const AGE_DAYS = [30, 90, 365];
const LAST_USE_DAYS = [1, 30, 90];

/** How many live keys of one kind of owner are of this age and were last used so long ago. */
export type KeyCount = {
  kind: KeyOwner["kind"];
  age: (typeof AGES)[number];
  lastUse: (typeof LAST_USES)[number];
  keys: number;
};

// Numbers are grouped in half the time words take, and joining all callers at once takes a quarter of looking up each
// key's.
const COUNT = `
  select person, ${inSteps("created_at", AGE_DAYS)} as age,
         case when used_at is null then ${LAST_USES.indexOf("never")} else ${inSteps("used_at", LAST_USE_DAYS)} end as "lastUse",
         count(*)::float8 as keys
    from (select k.person_id is not null as person, k.created_at, c.used_at
            from api_keys k left join people p on p.id = k.person_id
                 left join service_accounts s on s.id = k.service_account_id
                 left join (select key_id, max(last_seen_at) as used_at from api_key_callers
                             where accepted > 0 group by 1) c on c.key_id = k.id
           where k.ended_at is null and coalesce(p.deactivated_at, s.deactivated_at) is null) live
   group by 1, 2, 3`;

/** Live keys of active accounts by owner, age and last use, without those there are none of; reads the whole tables. */
export async function countKeysByAge(db: Queryable): Promise<KeyCount[]> {
  const { rows } = await db.query<{ person: boolean; age: number; lastUse: number; keys: number }>(COUNT);
  return rows.map(({ person, age, lastUse, keys }) => ({
    kind: person ? "person" : "service-account",
    age: AGES[age] ?? "over 365 days",
    lastUse: LAST_USES[lastUse] ?? "never",
    keys,
  }));
}

/** How many of these numbers of days have passed. */
function inSteps(column: string, days: number[]): string {
  const cases = days.map((most, i) => `when ${column} > now() - interval '${most} days' then ${i}`);
  return `case ${cases.join(" ")} else ${days.length} end`;
}
