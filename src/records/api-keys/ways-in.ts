import { type KeyOwner, OWNER_COLUMN } from "../../base/key-owner";
import type { Queryable } from "../../platform/database";
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

/** The same as the database tells it, in JSON: times are texts, and what is not there is null. */
export type WaysInAsJson = {
  live: (ApiKey & { callers: ApiKeyCaller[] | null }) | null;
  ended: ApiKey | null;
  recoveryCodesLeft: number;
};

const KEY = `'id', k.id, 'createdAt', k.created_at, 'endedAt', k.ended_at, 'replacedBy', k.replaced_by`;

/** The SQL expression for the ways in of the owner whose id is the expression `id`, with at most `most` callers, as JSON. */
export function waysInOf(kind: KeyOwner["kind"], id: string, most: number): string {
  const owned = `from api_keys k where k.${OWNER_COLUMN[kind]} = ${id}`;
  const callers = `select json_agg(c) from (
      select client, address, first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt", accepted::text, refused::text
        from api_key_callers where key_id = k.id order by last_seen_at desc limit ${most}) c`;
  return `json_build_object(
    'live', (select json_build_object(${KEY}, 'callers', (${callers})) ${owned} and ended_at is null),
    'ended', (select json_build_object(${KEY}) ${owned} and ended_at is not null order by ended_at desc limit 1),
    'recoveryCodesLeft', (select count(*) from recovery_codes where person_id = ${id} and used_at is null))`;
}

/** One owner's, with at most `most` callers. */
export async function findWaysIn(db: Queryable, { kind, id }: KeyOwner, most: number): Promise<WaysIn> {
  const { rows } = await db.query<{ found: WaysInAsJson }>(
    `select ${waysInOf(kind, "$1::uuid", most)} as found`,
    [id],
  );
  return readWaysIn(rows[0]?.found as WaysInAsJson);
}

/** Makes times of the texts in it. */
export function readWaysIn({ live, ended, recoveryCodesLeft }: WaysInAsJson): WaysIn {
  return {
    live: live ? keyWithTimes(live) : undefined,
    callers: (live?.callers ?? []).map(callerWithTimes),
    ended: ended ? keyWithTimes(ended) : undefined,
    recoveryCodesLeft,
  };
}

function keyWithTimes({ id, createdAt, endedAt, replacedBy }: ApiKey): ApiKey {
  return { id, createdAt: new Date(createdAt), endedAt: endedAt && new Date(endedAt), replacedBy };
}

function callerWithTimes(caller: ApiKeyCaller): ApiKeyCaller {
  return { ...caller, firstSeenAt: new Date(caller.firstSeenAt), lastSeenAt: new Date(caller.lastSeenAt) };
}
