import { createHash, createHmac, randomBytes } from "node:crypto";
import path from "node:path";
import type { Pool } from "pg";

// The built program's own parts: the bench measures what is shipped.
const shipped = (file: string) => require(path.join(__dirname, "..", file));

export type Seeded = { personId: string; email: string; key: string; cookies: string[] };

/** A person with a key and so many live sessions, as signing in would have left them. */
export async function seed(db: Pool, appSecret: string, sessions: number): Promise<Seeded> {
  const { makeApiKey } = shipped("base/api-key-format.js");
  const { deriveKey } = shipped("platform/seal.js");
  const email = "ada@example.com";
  const { rows } = await db.query(
    `insert into people (email, first_name, last_name, phone_number, password_hash, roles)
     values ($1, 'Ada', 'Lovelace', '555-0100', 'x', '{member}') returning id`,
    [email],
  );
  const personId: string = rows[0].id;
  await db.query("update installation set set_up_at = now()");
  await db.query("insert into second_factors (person_id, sealed_secret) values ($1, 'x')", [personId]);
  const { key, id, hash } = makeApiKey();
  await db.query("insert into api_keys (id, person_id, hash) values ($1, $2, $3)", [id, personId, hash]);

  const secret = deriveKey(appSecret, "session-cookie").toString("base64url");
  const sids = Array.from({ length: sessions }, () => randomBytes(24).toString("base64url"));
  const memory = JSON.stringify({ csrfSecret: randomBytes(12).toString("base64url") });
  await db.query(
    `insert into sessions (sid, sess, person_id, stage, address, client, expire)
     select sid, $2, $3, 'signed-in', '127.0.0.1', 'bench', now() + interval '365 days' from unnest($1::text[]) sid`,
    [sids.map((sid) => createHash("sha256").update(sid).digest("hex")), memory, personId],
  );
  const cookies = sids.map((sid) => {
    const signature = createHmac("sha256", secret).update(sid).digest("base64").replace(/=+$/, "");
    return `latchkey=${encodeURIComponent(`s:${sid}.${signature}`)}`;
  });
  return { personId, email, key, cookies };
}
