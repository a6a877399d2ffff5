import { createHmac, randomUUID } from "node:crypto";
import path from "node:path";
import { Pool } from "pg";
import { pino } from "pino";
import { makeApiKey } from "../../src/base/api-key-format";
import { migrate } from "../../src/platform/migrations";
import { makeAuthenticatorSecret } from "../../src/platform/one-time-code";
import { secondFactorPurpose } from "../../src/records/second-factors";
import { openDesk } from "../../src/web/desk";
import { hashSid } from "../../src/web/session-store";

export const APP_SECRET = "an operator's secret of more than thirty-two characters";
export const PASSWORD = "Sunshine-Harbour-42";

const CSRF_SECRET = "a-secret-of-24-characters";
const MIGRATIONS = path.join(__dirname, "..", "..", "migrations");

/** Somebody with an account, a live session, an authenticator and a key, as the load knows them. */
export type Somebody = {
  id: string;
  email: string;
  cookie: string;
  csrfSecret: string;
  secret: string;
  key: string;
};

/** What the environment of a program on this database has to hold. */
export function environmentOn(url: string): Record<string, string> {
  return { DATABASE_URL: url, APP_SECRET, HOST: "127.0.0.1" };
}

/** Migrates an empty database and fills it with so many people, whose passwords are hashed at `cost`. */
export async function settle(url: string, count: number, cost = 4): Promise<Somebody[]> {
  await migrate(url, MIGRATIONS, () => {});
  const db = new Pool({ connectionString: url, max: 2 });
  try {
    const baseUrl = new URL("http://localhost");
    const log = pino({ level: "silent" });
    const desk = await openDesk({ db, log, baseUrl, appSecret: APP_SECRET, passwordCost: cost });
    const passwordHash = await desk.passwords.hash(PASSWORD);
    await db.query("update installation set set_up_at = now()");
    const people: Somebody[] = [];
    for (let n = 1; n <= count; n++) {
      const [email, secret, { key, id: keyId, hash }] = [
        `person${n}@example.org`,
        makeAuthenticatorSecret(),
        makeApiKey(),
      ];
      const { rows } = await db.query<{ id: string }>(
        `insert into people (email, first_name, last_name, password_hash, has_second_factor)
         values ($1, 'Value 0', 'Hopper', $2, true) returning id`,
        [email, passwordHash],
      );
      const id = rows[0]?.id ?? "";
      const sealed = desk.seal.close(Buffer.from(secret), secondFactorPurpose(id));
      await db.query("insert into second_factors (person_id, sealed_secret) values ($1, $2)", [id, sealed]);
      await db.query("insert into api_keys (id, person_id, hash) values ($1, $2, $3)", [keyId, id, hash]);
      const sid = randomUUID();
      const memory = JSON.stringify({ csrfSecret: CSRF_SECRET, passwordGivenAt: Date.now() });
      await db.query(
        `insert into sessions (sid, sess, person_id, stage, address, client, expire)
         values ($1, $2, $3, 'signed-in', '127.0.0.1', 'seeded', now() + interval '365 days')`,
        [hashSid(sid), memory, id],
      );
      const signature = createHmac("sha256", desk.cookie.secrets[0] ?? "")
        .update(sid)
        .digest("base64")
        .replace(/=+$/, "");
      const cookie = `latchkey=${encodeURIComponent(`s:${sid}.${signature}`)}`;
      people.push({ id, email, cookie, csrfSecret: CSRF_SECRET, secret, key });
    }
    return people;
  } finally {
    await db.end();
  }
}
