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

/** A key as the database tells it here: what it is called, and times in milliseconds since 1970. */
type KeyInJson = [id: string, createdAt: number, endedAt: number | null, replacedBy: string | null];
type CallerInJson = [
  client: string,
  address: string,
  firstSeenAt: number,
  lastSeenAt: number,
  accepted: string,
  refused: string,
];

/** Ways in as the database tells them: in lists, whose names it need not write out for each row, nor the program read. */
export type WaysInInJson = [
  live: [key: KeyInJson, callers: CallerInJson[] | null] | null,
  ended: KeyInJson | null,
  recoveryCodesLeft: number,
];

const inMilliseconds = (time: string) => `date_part('epoch', ${time}) * 1000`;

const KEY = `json_build_array(k.id, ${inMilliseconds("k.created_at")}, ${inMilliseconds("k.ended_at")}, k.replaced_by)`;
const CALLER = `json_build_array(client, address, ${inMilliseconds("first_seen_at")}, ${inMilliseconds("last_seen_at")},
  accepted::text, refused::text)`;

/** The SQL expression for the ways in of the owner whose id is the expression `id`, with at most `most` callers, as WaysInInJson. */
export function waysInOf(kind: KeyOwner["kind"], id: string, most: number): string {
  const owned = `from api_keys k where k.${OWNER_COLUMN[kind]} = ${id}`;
  const callers = `select json_agg(${CALLER}) from (
      select * from api_key_callers where key_id = k.id order by last_seen_at desc limit ${most}) c`;
  return `json_build_array(
    (select json_build_array(${KEY}, (${callers})) ${owned} and ended_at is null),
    (select ${KEY} ${owned} and ended_at is not null order by ended_at desc limit 1),
    (select count(*) from recovery_codes where person_id = ${id} and used_at is null))`;
}

/** One owner's, with at most `most` callers. */
export async function findWaysIn(db: Queryable, { kind, id }: KeyOwner, most: number): Promise<WaysIn> {
  const { rows } = await db.query<{ found: WaysInInJson }>(
    `select ${waysInOf(kind, "$1::uuid", most)} as found`,
    [id],
  );
  return readWaysIn(rows[0]?.found as WaysInInJson);
}

/** Gives everything its name. */
export function readWaysIn([live, ended, recoveryCodesLeft]: WaysInInJson): WaysIn {
  return {
    live: live ? readKey(live[0]) : undefined,
    callers: (live?.[1] ?? []).map(readCaller),
    ended: ended ? readKey(ended) : undefined,
    recoveryCodesLeft,
  };
}

function readKey([id, createdAt, endedAt, replacedBy]: KeyInJson): ApiKey {
  return { id, createdAt: timeOf(createdAt), endedAt: endedAt === null ? null : timeOf(endedAt), replacedBy };
}

function readCaller([
  client,
  address,
  firstSeenAt,
  lastSeenAt,
  accepted,
  refused,
]: CallerInJson): ApiKeyCaller {
  return {
    client,
    address,
    firstSeenAt: timeOf(firstSeenAt),
    lastSeenAt: timeOf(lastSeenAt),
    accepted,
    refused,
  };
}

// A double's milliseconds can be a hair before the whole one they mean.
function timeOf(milliseconds: number): Date {
  return new Date(Math.round(milliseconds));
}
