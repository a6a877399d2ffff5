import type { Queryable } from "../platform/database";

/** What a single-use link is for. */
export type LinkPurpose = "invitation" | "password-reset" | "email-change";

/** Why a link works, or does not any more. */
export type LinkState = "open" | "used" | "replaced" | "withdrawn" | "account-changed" | "late";

/** A single-use link as pages may see it; the token in it is stored nowhere. */
export type Link = {
  id: string;
  /** Whose it is; null for an invitation. */
  personId: string | null;
  /** Where it was sent. */
  email: string;
  /** What an invitation gives. */
  roles: string[];
  createdAt: Date;
  expiresAt: Date;
  state: LinkState;
};

const OPEN = "used_at is null and ended_at is null and expires_at > clock_timestamp()";
const COLUMNS = `id, person_id as "personId", email, roles, created_at as "createdAt", expires_at as "expiresAt",
  case when used_at is not null then 'used' when ended_at is not null then ended_by
       when ${OPEN} then 'open' else 'late' end as state`;

/**
 * Adds a link, ending older open ones of the same purpose and person (or address, where there is no person yet): the
 * newest alone works, but for one that an administrator gave, which anybody could end otherwise by asking for a letter.
 * Call it in a transaction. `replaced` tells whether one of them had still worked.
 */
export async function insertLink(
  db: Queryable,
  link: {
    /** Its id, where a form named it before it was made. */
    id?: string;
    hash: Buffer;
    purpose: LinkPurpose;
    personId: string | null;
    email: string;
    roles?: string[];
    /** Who sent an invitation, or gave somebody a link for a new password. */
    invitedBy?: string | null;
    lifetimeSeconds: number;
  },
): Promise<Link & { replaced: boolean }> {
  const { id = null, hash, purpose, personId, email, roles = [], invitedBy = null, lifetimeSeconds } = link;
  const replaced = await replaceLinks(db, link);
  const { rows } = await db.query<Link>(
    `insert into links (hash, purpose, person_id, email, roles, expires_at, id, invited_by)
     values ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6), coalesce($7, gen_random_uuid()), $8)
     returning ${COLUMNS}`,
    [hash, purpose, personId, email, roles, lifetimeSeconds, id, invitedBy],
  );
  const [row] = rows;
  if (!row) throw new Error("Inserting a link returned no row");
  return { ...row, replaced };
}

/** In a transaction, ends the links in whose place another comes; true if one had still worked. Two at once queue. */
export async function replaceLinks(
  db: Queryable,
  link: { purpose: LinkPurpose; personId: string | null; email: string; invitedBy?: string | null },
): Promise<boolean> {
  const { purpose, personId, email, invitedBy = null } = link;
  const owner = `${purpose} ${personId ?? email.toLowerCase()}`;
  await db.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [owner]);
  const { rows } = await db.query(
    `update links set ended_at = clock_timestamp(), ended_by = 'replaced'
      where purpose = $1 and (person_id = $2 or $2 is null and person_id is null and lower(email) = lower($3))
        and ($4::uuid is not null or invited_by is null) and used_at is null and ended_at is null
      returning expires_at > clock_timestamp() as worked`,
    [purpose, personId, email, invitedBy],
  );
  return rows.some(({ worked }) => worked);
}

/**
 * True for the one caller that may make this person's next link now, until its transaction ends. Whoever comes
 * meanwhile need not wait, and the time it takes tells nobody whether there is such a person.
 */
export async function mayMakeLink(db: Queryable, purpose: LinkPurpose, personId: string): Promise<boolean> {
  const { rows } = await db.query<{ free: boolean }>(
    "select pg_try_advisory_xact_lock(hashtextextended($1, 1)) as free",
    [`${purpose} ${personId}`],
  );
  return rows[0]?.free ?? false;
}

/**
 * Ends a person's open links because the account has changed since they were sent: whoever had got hold of one must
 * not take the account back with it. Call it in the transaction of the change, after locking the person.
 */
export async function endLinksOf(db: Queryable, personId: string): Promise<void> {
  await db.query(
    `update links set ended_at = clock_timestamp(), ended_by = 'account-changed'
      where person_id = $1 and used_at is null and ended_at is null`,
    [personId],
  );
}

/** Withdraws the open invitations somebody has sent. Returns them. */
export async function withdrawInvitationsBy(db: Queryable, inviterId: string): Promise<Link[]> {
  const { rows } = await db.query<Link>(
    `update links set ended_at = clock_timestamp(), ended_by = 'withdrawn'
      where purpose = 'invitation' and invited_by = $1 and ${OPEN} returning ${COLUMNS}`,
    [inviterId],
  );
  return rows;
}

/** Ends the open links for a new password that somebody has given others. */
export async function endPasswordLinksBy(db: Queryable, giverId: string): Promise<void> {
  await db.query(
    `update links set ended_at = clock_timestamp(), ended_by = 'withdrawn'
      where purpose = 'password-reset' and invited_by = $1 and used_at is null and ended_at is null`,
    [giverId],
  );
}

/** How many invitations are open, of those that somebody has sent where one is named. */
export async function countOpenInvitations(db: Queryable, inviterId?: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from links
      where purpose = 'invitation' and ${OPEN} and ($1::uuid is null or invited_by = $1)`,
    [inviterId],
  );
  return rows[0]?.count ?? 0;
}

/**
 * Claims an id that a form named for its link; false when a link has it already, so the form was sent before. Call it
 * in the transaction that adds the link. Two at once follow one another.
 */
export async function claimLinkId(db: Queryable, id: string): Promise<boolean> {
  await db.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [id]);
  const { rows } = await db.query("select from links where id = $1", [id]);
  return rows.length === 0;
}

/** The link with this hash, whatever its state; for a link that does not work `state` says why. Changes nothing. */
export async function findLink(db: Queryable, purpose: LinkPurpose, hash: Buffer): Promise<Link | undefined> {
  const { rows } = await db.query<Link>(`select ${COLUMNS} from links where purpose = $1 and hash = $2`, [
    purpose,
    hash,
  ]);
  return rows[0];
}

/** Uses an open link up: the link for exactly one caller, ever. */
export async function useLink(db: Queryable, purpose: LinkPurpose, hash: Buffer): Promise<Link | undefined> {
  const { rows } = await db.query<Link>(
    `update links set used_at = clock_timestamp() where purpose = $1 and hash = $2 and ${OPEN} returning ${COLUMNS}`,
    [purpose, hash],
  );
  return rows[0];
}

/** The open links of a purpose, the latest first, at most `most`. */
export async function listOpenLinks(db: Queryable, purpose: LinkPurpose, most: number): Promise<Link[]> {
  const { rows } = await db.query<Link>(
    `select ${COLUMNS} from links where purpose = $1 and ${OPEN} order by created_at desc, id limit $2`,
    [purpose, most],
  );
  return rows;
}

/** The open invitation with this id. */
export async function findOpenInvitation(db: Queryable, id: string): Promise<Link | undefined> {
  const { rows } = await db.query<Link>(
    `select ${COLUMNS} from links where purpose = 'invitation' and id::text = $1 and ${OPEN}`,
    [id],
  );
  return rows[0];
}

/** Withdraws an open link by its id. The link, or undefined when it was not open any more. */
export async function withdrawLink(
  db: Queryable,
  purpose: LinkPurpose,
  id: string,
): Promise<Link | undefined> {
  const { rows } = await db.query<Link>(
    `update links set ended_at = clock_timestamp(), ended_by = 'withdrawn'
      where purpose = $1 and id::text = $2 and ${OPEN} returning ${COLUMNS}`,
    [purpose, id],
  );
  return rows[0];
}

/** Forgets links that ended more than 90 days ago; until then whoever opens one is told why it does not work. Returns how many. */
export async function forgetOldLinks(db: Queryable): Promise<number> {
  const { rowCount } = await db.query(
    "delete from links where coalesce(used_at, ended_at, expires_at) < now() - interval '90 days'",
  );
  return rowCount ?? 0;
}
