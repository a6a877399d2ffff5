import type { Queryable } from "../platform/database";

/** What a single-use link is for. */
export type LinkPurpose = "invitation" | "password-reset" | "email-change";

/** Why a link works, or does not any more. */
export type LinkState = "open" | "used" | "replaced" | "withdrawn" | "late";

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
// The same person, or for an invitation the same address: of these one link works at a time.
const SAME =
  "purpose = $1 and (person_id = $2 or $2 is null and person_id is null and lower(email) = lower($3))";

/**
 * Adds a link, ending older open ones of the same purpose and person (or address, where there is no person yet): the
 * newest alone works. Call it in a transaction. Two at once follow one another.
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
    lifetimeSeconds: number;
  },
): Promise<Link> {
  const { id = null, hash, purpose, personId, email, roles = [], lifetimeSeconds } = link;
  const owner = `${purpose} ${personId ?? email.toLowerCase()}`;
  await db.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [owner]);
  await db.query(
    `update links set ended_at = clock_timestamp(), ended_by = 'replaced'
      where ${SAME} and used_at is null and ended_at is null`,
    [purpose, personId, email],
  );
  const { rows } = await db.query<Link>(
    `insert into links (hash, purpose, person_id, email, roles, expires_at, id)
     values ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6), coalesce($7, gen_random_uuid()))
     returning ${COLUMNS}`,
    [hash, purpose, personId, email, roles, lifetimeSeconds, id],
  );
  const [row] = rows;
  if (!row) throw new Error("Inserting a link returned no row");
  return row;
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
