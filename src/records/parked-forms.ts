import { PARKED_SECONDS } from "../base/parked-fields";
import type { Queryable } from "../platform/database";

/** What a person's parked forms are sealed for. */
export function parkedFormPurpose(personId: string): string {
  return `parked-form:${personId}`;
}

const FRESH = `f.parked_at > clock_timestamp() - interval '${PARKED_SECONDS} s'`;

/** Parks a form for a session, in place of one parked before. */
export async function insertParkedForm(
  db: Queryable,
  parked: { sid: string; personId: string; path: string; sealedFields: Buffer },
): Promise<void> {
  await db.query(
    `insert into parked_forms (sid, person_id, path, sealed_fields) values ($1, $2, $3, $4)
     on conflict (sid) do update set person_id = $2, path = $3, sealed_fields = $4, parked_at = clock_timestamp()`,
    [parked.sid, parked.personId, parked.path, parked.sealedFields],
  );
}

/** The form parked for this session of this person and for this page. */
export async function findParkedForm(
  db: Queryable,
  sid: string,
  personId: string,
  path: string,
): Promise<Buffer | undefined> {
  const { rows } = await db.query<{ sealedFields: Buffer }>(
    `select f.sealed_fields as "sealedFields" from parked_forms f
      where f.sid = $1 and f.person_id = $2 and f.path = $3 and ${FRESH}`,
    [sid, personId, path],
  );
  return rows[0]?.sealedFields;
}

/** Hands a parked form on to the session that follows another of the same person; anybody else's stays behind. */
export async function handOnParkedForm(
  db: Queryable,
  oldSid: string,
  newSid: string,
  personId: string,
): Promise<void> {
  await db.query("update parked_forms set sid = $2 where sid = $1 and person_id = $3", [
    oldSid,
    newSid,
    personId,
  ]);
}

/** Drops what is parked for a session. */
export async function dropParkedForm(db: Queryable, sid: string): Promise<void> {
  await db.query("delete from parked_forms where sid = $1", [sid]);
}

/** Forgets forms that nobody came back for. */
export async function forgetParkedForms(db: Queryable): Promise<void> {
  await db.query(`delete from parked_forms f where not ${FRESH}`);
}
