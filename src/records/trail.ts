import type { Actor } from "../base/actor";
import { likePattern } from "../base/search-words";
import type { Queryable } from "../platform/database";

/** What can stand in the trail. */
export type TrailAction =
  | "installation.set-up"
  | "session.started"
  | "session.ended"
  | "profile.changed"
  | "second-factor.enrolled"
  | "second-factor.reset"
  | "second-factor.put-off"
  | "second-factor.guessed-at"
  | "recovery-code.used"
  | "recovery-codes.replaced"
  | "api-key.generated"
  | "api-key.regenerated"
  | "api-key.revoked"
  | "password.changed"
  | "password.reset-asked"
  | "password.reset"
  | "email.change-asked"
  | "email.changed"
  | "invitation.sent"
  | "invitation.accepted"
  | "invitation.withdrawn"
  | "person.created"
  | "person.changed"
  | "person.deactivated"
  | "person.reactivated"
  | "sessions.ended"
  | "settings.changed"
  | "encryption.rotated"
  | "role.created"
  | "role.deleted"
  | "service-account.created"
  | "service-account.changed"
  | "service-account.deactivated"
  | "service-account.reactivated";

/** Writes one entry, in the same transaction as the change it tells of. `details` never hold a secret. */
export async function addTrailEntry(
  db: Queryable,
  entry: { action: TrailAction; actor: Actor; subjectId: string; details?: Record<string, unknown> },
): Promise<void> {
  const { actor } = entry;
  await db.query(
    `with entry as (
       insert into trail (action, actor_kind, actor_id, session_id, key_id, subject_id, address, client, details)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id)
     insert into trail_unlinked (entry_id) select id from entry`,
    [
      entry.action,
      actor.kind,
      actor.personId,
      actor.sessionId,
      actor.keyId ?? null,
      entry.subjectId,
      actor.address,
      actor.client,
      JSON.stringify(entry.details ?? {}),
    ],
  );
}

/** An entry as pages show it, with the names its people and service accounts have today. */
export type TrailEntry = {
  id: string;
  at: Date;
  action: TrailAction;
  actorKind: Actor["kind"];
  actorId: string | null;
  actorName: string | null;
  actorEmail: string | null;
  sessionId: string | null;
  keyId: string | null;
  subjectId: string | null;
  /** Null for what is no account, such as an invitation or the settings. */
  subjectKind: "person" | "service-account" | null;
  subjectName: string | null;
  subjectEmail: string | null;
  address: string | null;
  client: string | null;
  details: Record<string, unknown>;
};

/** Which entries: all of them, or narrowed by who it was about or done by, what was done, and when. */
export type TrailFilter = {
  whoIds?: string[] | undefined;
  /** Of these accounts' entries only what was done about this key, which is or was of one of them. */
  keyId?: string | undefined;
  action?: string | undefined;
  /** The first moment and the first one after the last, as days in UTC: "2026-11-23". */
  from?: string | undefined;
  until?: string | undefined;
};

/** Which page of them: the newest, those older or newer than an entry, or the oldest. */
export type TrailPlace = { before?: string | undefined; after?: string | undefined; oldest?: boolean };

/** A page of entries, newest first; as quick on the last page of a million as on the first, since indexes hold the order. */
export async function listTrail(
  db: Queryable,
  filter: TrailFilter,
  place: TrailPlace,
  most: number,
): Promise<TrailEntry[]> {
  const values: unknown[] = [most];
  const value = (given: unknown) => `$${values.push(given)}`;
  const upwards = place.oldest === true || place.after !== undefined;
  const order = upwards ? "asc" : "desc";
  const conditions: string[] = [];
  if (filter.action !== undefined) conditions.push(`t.action = ${value(filter.action)}`);
  if (filter.from !== undefined)
    conditions.push(`t.at >= ${value(filter.from)}::date::timestamp at time zone 'UTC'`);
  if (filter.until !== undefined)
    conditions.push(`t.at < (${value(filter.until)}::date + 1)::timestamp at time zone 'UTC'`);
  for (const [id, sign] of [
    [place.before, "<"],
    [place.after, ">"],
  ] as const) {
    if (id === undefined) continue;
    const at = value(id);
    conditions.push(`(t.at, t.id) ${sign} ((select at from trail where id = ${at}), ${at}::bigint)`);
  }
  const some = (more: string[]) => `(select t.id, t.at from trail t
    ${more.length + conditions.length > 0 ? `where ${[...more, ...conditions].join(" and ")}` : ""}
    order by t.at ${order}, t.id ${order} limit $1)`;
  // One index scan for each person and side, of a page at most, instead of an "or" that no index could order.
  const sides = ["t.subject_id = who.id", "t.actor_id = who.id"];
  const aboutKey = (id: string) =>
    `${sides[0]} and ${value(id)} in (t.details->>'keyId', t.details->>'replacedKeyId')`;
  const scans = (filter.keyId === undefined ? sides : [aboutKey(filter.keyId)]).map((side) => some([side]));
  const found =
    filter.whoIds === undefined
      ? some([])
      : `(select distinct f.id, f.at from unnest(${value(filter.whoIds)}::uuid[]) as who (id), lateral (${scans.join(" union all ")}) f
         order by f.at ${order}, f.id ${order} limit $1)`;
  const { rows } = await db.query<TrailEntry>(
    `select t.id, t.at, t.action, t.actor_kind as "actorKind", t.actor_id as "actorId",
            coalesce(a.first_name || ' ' || a.last_name, sa.name) as "actorName", a.email as "actorEmail",
            t.session_id as "sessionId", t.key_id as "keyId", t.subject_id as "subjectId",
            case when s.id is not null then 'person' when ss.id is not null then 'service-account' end as "subjectKind",
            coalesce(s.first_name || ' ' || s.last_name, ss.name) as "subjectName", s.email as "subjectEmail",
            t.address, t.client, t.details
       from ${found} as found join trail t on t.id = found.id
       left join people a on a.id = t.actor_id left join service_accounts sa on sa.id = t.actor_id
       left join people s on s.id = t.subject_id left join service_accounts ss on ss.id = t.subject_id
      order by found.at desc, found.id desc`,
    values,
  );
  return rows;
}

/** The condition that a text holds all words of a search, whose patterns are given from $2 on. */
function holdsAll(text: string, words: string[]): string {
  return words.map((_, i) => `${text} like lower($${i + 2}::text)`).join(" and ");
}

/** The people whose name or email, and the service accounts whose name, hold all these words; at most so many. */
export async function findWho(db: Queryable, words: string[], most: number): Promise<string[]> {
  const holds = (text: string) => holdsAll(text, words);
  const { rows } = await db.query<{ id: string }>(
    `(select id from people where ${holds("searched_text")} limit $1)
     union all (select id from service_accounts where ${holds("' ' || lower(name)")} limit $1) limit $1`,
    [most, ...words.map(likePattern)],
  );
  return rows.map((row) => row.id);
}

/**
 * The invitations sent to addresses that hold all these words, address by address; of at most so many addresses. They
 * are sought in the trail, whose index has them together, since the links themselves are forgotten in time.
 */
export async function findInvitations(db: Queryable, words: string[], most: number): Promise<string[][]> {
  const address = "lower(details->>'email')";
  const { rows } = await db.query<{ ids: string[] }>(
    `select array_agg(subject_id) as ids from trail
      where action = 'invitation.sent' and subject_id is not null and ${holdsAll(`' ' || ${address}`, words)}
      group by ${address} limit $1`,
    [most, ...words.map(likePattern)],
  );
  return rows.map((row) => row.ids);
}

/** The different clients a person has signed in with, told apart by whether that was from this address. */
export async function listSignIns(
  db: Queryable,
  personId: string,
  address: string | null,
): Promise<{ client: string | null; sameAddress: boolean }[]> {
  const { rows } = await db.query<{ client: string | null; sameAddress: boolean }>(
    `select distinct client, address is not distinct from $2 as "sameAddress"
       from trail where subject_id = $1 and action = 'session.started'`,
    [personId, address],
  );
  return rows;
}
