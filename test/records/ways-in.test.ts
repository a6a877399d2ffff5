import type { KeyOwner } from "../../src/base/key-owner";
import { findWaysIn } from "../../src/records/api-keys/ways-in";
import { openTestDatabase } from "../support/database";

let database: Awaited<ReturnType<typeof openTestDatabase>>;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

async function insert(text: string, values: unknown[]): Promise<string> {
  const { rows } = await database.db.query<{ id: string }>(text, values);
  return rows[0]?.id ?? "";
}

async function person(email: string, codes: { unused: number; used: number }): Promise<KeyOwner> {
  const id = await insert(
    "insert into people (email, first_name, last_name, password_hash) values ($1, 'Some', 'Body', 'x') returning id",
    [email],
  );
  await database.db.query(
    `insert into recovery_codes (person_id, hash, used_at)
       select $1, decode(lpad(to_hex(n), 8, '0'), 'hex'), case when n > $2 then now() end
         from generate_series(1, $2::int + $3::int) n`,
    [id, codes.unused, codes.used],
  );
  return { kind: "person", id };
}

async function serviceAccount(name: string, responsible: KeyOwner): Promise<KeyOwner> {
  const id = await insert(
    "insert into service_accounts (name, purpose, responsible_id) values ($1, 'To call.', $2) returning id",
    [name, responsible.id],
  );
  return { kind: "service-account", id };
}

async function giveKey({ kind, id }: KeyOwner, key: string, ended = false): Promise<void> {
  const column = kind === "person" ? "person_id" : "service_account_id";
  await database.db.query(
    `insert into api_keys (id, ${column}, hash, ended_at) values ($1, $2, sha256($3), case when $4 then now() end)`,
    [key, id, Buffer.from(key), ended],
  );
  await database.db.query(
    `insert into api_key_callers (key_id, client, address, first_seen_at, last_seen_at, accepted)
       select $1, 'program ' || n, '192.0.2.1', now(), now() + make_interval(secs => n), 1 from generate_series(1, 3) n`,
    [key],
  );
}

describe("the ways in of several owners, found at once", () => {
  it("are each owner's own, in the order asked for, whether or not there is a key", async () => {
    const withKey = await person("with-key@example.com", { unused: 8, used: 2 });
    const withEndedKey = await person("with-ended-key@example.com", { unused: 3, used: 0 });
    const program = await serviceAccount("a program", withKey);
    const withoutKey = await person("without-key@example.com", { unused: 5, used: 1 });
    const withNothing = await person("with-nothing@example.com", { unused: 0, used: 0 });
    await giveKey(withKey, "AAAAAAAA");
    await giveKey(withEndedKey, "BBBBBBBB", true);
    await giveKey(program, "CCCCCCCC", true);
    await giveKey(program, "DDDDDDDD");

    const owners = [withNothing, program, withKey, withoutKey, withEndedKey];
    const found = await Promise.all(owners.map((owner) => findWaysIn(database.db, owner, 2)));

    const callers = ["program 3", "program 2"];
    expect(
      found.map(({ live, ended, callers, recoveryCodesLeft }) => ({
        live: live?.id,
        ended: ended?.id,
        callers: callers.map(({ client }) => client),
        recoveryCodesLeft,
      })),
    ).toEqual([
      { live: undefined, ended: undefined, callers: [], recoveryCodesLeft: 0 },
      { live: "DDDDDDDD", ended: "CCCCCCCC", callers, recoveryCodesLeft: 0 },
      { live: "AAAAAAAA", ended: undefined, callers, recoveryCodesLeft: 8 },
      { live: undefined, ended: undefined, callers: [], recoveryCodesLeft: 5 },
      { live: undefined, ended: "BBBBBBBB", callers: [], recoveryCodesLeft: 3 },
    ]);
  });
});
