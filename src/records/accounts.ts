import type { KeyOwner } from "../base/key-owner";
import type { Queryable } from "../platform/database";

/** How many accounts of a kind are active or deactivated. */
export type AccountCount = { kind: KeyOwner["kind"]; state: "active" | "deactivated"; accounts: number };

/** People and service accounts by state, and how many active people have no second factor; reads the whole tables. */
export async function countAccounts(
  db: Queryable,
): Promise<{ accounts: AccountCount[]; withoutSecondFactor: number }> {
  const { rows } = await db.query<
    Record<"active" | "deactivated" | "without", number> & { kind: AccountCount["kind"] }
  >(
    `select 'person' as kind, ${BY_STATE},
            (count(*) filter (where deactivated_at is null and not has_second_factor))::float8 as without from people
     union all
     select 'service-account', ${BY_STATE}, 0 from service_accounts`,
  );
  return {
    accounts: rows.flatMap(({ kind, active, deactivated }) => [
      { kind, state: "active" as const, accounts: active },
      { kind, state: "deactivated" as const, accounts: deactivated },
    ]),
    withoutSecondFactor: rows.reduce((sum, { without }) => sum + without, 0),
  };
}

const BY_STATE = `(count(*) filter (where deactivated_at is null))::float8 as active,
  (count(*) filter (where deactivated_at is not null))::float8 as deactivated`;
