import { createHmac, randomBytes } from "node:crypto";
import path from "node:path";
import type { Pool } from "pg";

// The built program's own parts: the bench measures what is shipped.
const shipped = (file: string) => require(path.join(__dirname, "..", file));

/** Somebody who asks: with a key of their own, and the cookie of a live session. */
export type Asker = { id: string; email: string; key: string; cookie: string };

/** How many of each there are. */
export type Size = { people: number; trailEntries: number };

/**
 * Fills a migrated, empty database: each person has a session, as signing in would have left it, a key, and a caller of
 * it. Returns `asking` of them, from all over the table.
 */
export async function seed(db: Pool, appSecret: string, size: Size, asking: number): Promise<Asker[]> {
  await inhabit(db, size);
  const { keepFirstPepper, PEPPER_PURPOSE } = shipped("records/installation.js");
  const { makeSeal } = shipped("platform/seal.js");
  await keepFirstPepper(db, makeSeal(appSecret).close(randomBytes(32), PEPPER_PURPOSE));
  const step = Math.max(1, Math.floor(size.people / asking));
  const askers: Asker[] = [];
  for (let i = 0; i < asking; i++) askers.push(await giveKey(db, appSecret, 1 + i * step));
  await db.query("vacuum analyze");
  return askers;
}

// Indexes are faster made at the end, and foreign keys to rows that are certainly there need no check.
async function inhabit(db: Pool, { people, trailEntries }: Size): Promise<void> {
  const { rows } = await db.query(
    "select indexname as name, indexdef as made from pg_indexes where indexname = any($1)",
    [["people_searched", "trail_subject", "trail_actor", "trail_action", "trail_time"]],
  );
  const memory = JSON.stringify({ csrfSecret: "a-secret-of-24-characters" });
  await db.query(
    `begin;
     set local session_replication_role = replica;
     ${rows.map(({ name }) => `drop index ${name};`).join("\n")}
     update installation set set_up_at = now();
     create temporary table numbered on commit drop as
       select n, gen_random_uuid() as id from generate_series(1, ${people}) n;
     insert into people (id, email, first_name, last_name, phone_number, password_hash, roles, has_second_factor)
       select id, 'person' || n || '@example.org', 'Given' || n, 'Family' || substr(md5(n::text), 1, 6), '555-0100',
              'x', '{member}', true from numbered order by n;
     insert into second_factors (person_id, sealed_secret) select id, 'x' from numbered order by n;
     insert into recovery_codes (person_id, hash) select id, sha256(id::text::bytea) from numbered order by n;
     insert into sessions (sid, sess, person_id, stage, address, client, expire)
       select encode(sha256(convert_to('session-' || n, 'utf8')), 'hex'), '${memory}', id, 'signed-in', '127.0.0.1',
              'bench', now() + interval '365 days' from numbered order by n;
     insert into api_keys (id, person_id, hash) select to_char(n, 'FM00000000'), id, sha256(id::text::bytea) from numbered order by n;
     insert into api_key_callers (key_id, client, address, first_seen_at, last_seen_at, accepted)
       select to_char(n, 'FM00000000'), 'a program', '192.0.2.1', now(), now(), 1 from numbered order by n;
     insert into trail (action, actor_kind, actor_id, subject_id, at, client, address)
       select (array['profile.changed', 'session.started', 'api-key.regenerated'])[n % 3 + 1], 'person', who.id, who.id,
              '2020-01-01T00:00:00Z'::timestamptz + interval '13 seconds' * n, 'curl/8.5.0', '192.0.2.1'
         from generate_series(1, ${trailEntries}) n
              join (select n as place, id from numbered where n <= 1000) who on who.place = n % 1000 + 1;
     ${rows.map(({ made }) => `${made};`).join("\n")}
     commit`,
  );
}

async function giveKey(db: Pool, appSecret: string, n: number): Promise<Asker> {
  const { makeApiKey } = shipped("base/api-key-format.js");
  const { deriveKey } = shipped("platform/seal.js");
  const { key, id, hash } = makeApiKey();
  const { rows } = await db.query(
    `with old as (delete from api_keys where id = to_char($1::int, 'FM00000000') returning person_id)
     insert into api_keys (id, person_id, hash) select $2, person_id, $3 from old returning person_id as id`,
    [n, id, hash],
  );
  const secret = deriveKey(appSecret, "session-cookie").toString("base64url");
  const sid = `session-${n}`;
  const signature = createHmac("sha256", secret).update(sid).digest("base64").replace(/=+$/, "");
  const cookie = `latchkey=${encodeURIComponent(`s:${sid}.${signature}`)}`;
  return { id: rows[0].id, email: `person${n}@example.org`, key, cookie };
}
