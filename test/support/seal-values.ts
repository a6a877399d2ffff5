import type { Pool } from "pg";
import type { Seal } from "../../src/platform/seal";

/** Seals so many values of each kind into the database, with people they belong to. */
export async function sealValues(db: Pool, seal: Seal, each: number): Promise<void> {
  const made = Array.from({ length: each }, (_, n) => `value ${n}`);
  const { rows: people } = await db.query(
    `insert into people (email, first_name, last_name, password_hash)
     select 'person' || n || '@example.com', 'Given', 'Family', 'x' from generate_series(1, $1) n returning id`,
    [each],
  );
  const ids = people.map(({ id }) => id);
  const sealedFor = (purpose: (n: number) => string) =>
    made.map((text, n) => seal.close(Buffer.from(text), purpose(n)));
  await db.query(
    "insert into second_factors (person_id, sealed_secret) select * from unnest($1::uuid[], $2::bytea[])",
    [ids, sealedFor((n) => `second-factor:${ids[n]}`)],
  );
  await db.query(
    "insert into parked_forms (sid, person_id, path, sealed_fields) select id, id, '/', sealed from unnest($1::uuid[], $2::bytea[]) u (id, sealed)",
    [ids, sealedFor((n) => `parked-form:${ids[n]}`)],
  );
  await db.query(
    "insert into mail (recipient, sealed_letter, next_attempt_at) select 'person@example.com', sealed, now() + interval '1 day' from unnest($1::bytea[]) u (sealed)",
    [sealedFor(() => "letter")],
  );
}
