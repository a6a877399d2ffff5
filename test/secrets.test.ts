import { openTestDesk, type TestDesk } from "./support/desk";
import {
  freshCode,
  givePassword,
  type Known,
  PASSWORD,
  recoveryCodes,
  setUp,
  setupKey,
  signIn,
} from "./support/people";
import { cookieSid } from "./support/time";
import { Visitor } from "./support/visitor";

let desk: TestDesk;
beforeEach(async () => {
  desk = await openTestDesk();
});
afterEach(() => desk.close());

/** Lives through the whole journey, mistakes included, and returns every secret that was seen on the way. */
async function live(): Promise<string[]> {
  const ada: Known = await setUp(desk);
  const secrets = [ada.secret, ...ada.recoveryCodes, PASSWORD, cookieSid(ada.visitor)];
  const phone = await signIn(desk, ada);
  secrets.push(cookieSid(phone), "Wrong-Password-1");
  await new Visitor(desk.origin).post("/sign-in", { email: ada.email, password: "Wrong-Password-1" });

  await ada.visitor.open("/profile");
  for (const act of ["Generate API Key", "Regenerate API Key"]) {
    await ada.visitor.press(act);
    if (act === "Regenerate API Key") await ada.visitor.press(act);
    const key = ada.visitor.value("API key");
    secrets.push(key);
    await ada.visitor.raw("/v1/me", { headers: { authorization: `Bearer ${key}` } });
    await ada.visitor.raw(`/no-such-page?key=${key}&password=${PASSWORD}`);
    await ada.visitor.open("/profile");
  }

  await ada.visitor.press("Reset Two-Factor Authentication");
  const secret = setupKey(ada.visitor);
  secrets.push(secret);
  const pending = cookieSid(ada.visitor);
  await ada.visitor.fill("One-time code", freshCode(desk, secret)).press("Verify");
  const codes = recoveryCodes(ada.visitor);
  secrets.push(pending, cookieSid(ada.visitor), ...codes);

  const half = await givePassword(ada, new Visitor(desk.origin));
  secrets.push(cookieSid(half));
  await half.follow("Use a recovery code");
  await half.fill("Recovery code", codes[0] ?? "").press("Verify");
  secrets.push(cookieSid(half));
  // A failure in the middle, whose stack is logged.
  await desk.db.query("alter table api_keys rename to away");
  await half.post("/profile", { _csrf: half.hidden("_csrf"), firstName: PASSWORD });
  await desk.db.query("alter table away rename to api_keys");
  // A pending authenticator is left behind on purpose.
  await half.open("/profile/two-factor/reset");
  secrets.push(setupKey(half));
  return secrets;
}

async function dump(): Promise<string> {
  const { rows: tables } = await desk.db.query("select tablename from pg_tables where schemaname = 'public'");
  const parts = await Promise.all(
    tables.map(({ tablename }) => desk.db.query(`select t::text as row from ${tablename} t`)),
  );
  return parts.flatMap((part) => part.rows.map(({ row }) => row)).join("\n");
}

/** Each secret in the spellings in which it could have been kept. */
const spellings = (secret: string) => [
  secret,
  secret.replaceAll("-", ""),
  encodeURIComponent(secret),
  Buffer.from(secret).toString("base64").replace(/=+$/, ""),
  Buffer.from(secret).toString("hex"),
];

describe("after a whole journey", () => {
  it("neither the database nor the log holds a password, authenticator secret, recovery code, session id or key", async () => {
    const secrets = await live();
    expect(secrets.length).toBeGreaterThan(30);
    expect(secrets.every((secret) => secret.length >= 12)).toBe(true);
    const [database, log] = [await dump(), desk.log.join("")];
    expect(database).toContain("ada@example.com");
    expect(database).toContain("second-factor.reset");
    expect(log).toContain('"path":"/v1/me"');
    expect(log).toContain('"path":"/no-such-page"');
    expect(log).toContain("A request failed");
    for (const spelling of secrets.flatMap(spellings)) {
      expect(database.toLowerCase().includes(spelling.toLowerCase()) ? spelling : "absent").toBe("absent");
      expect(log.toLowerCase().includes(spelling.toLowerCase()) ? spelling : "absent").toBe("absent");
    }
  });
});
