import { lookAtSealed } from "../../src/features/encryption/look-at-sealed";
import { makeSeal } from "../../src/platform/seal";
import { queueLetter } from "../../src/records/mail";
import { startLatchkey } from "../support/command-line";
import { openTestDesk, type TestDesk } from "../support/desk";
import {
  addPerson,
  codeNow,
  givePassword,
  type Known,
  PASSWORD,
  recoveryCodes,
  setUp,
  setupKey,
} from "../support/people";
import { sealValues } from "../support/seal-values";
import { ageSession } from "../support/time";
import { until } from "../support/until";
import { Visitor } from "../support/visitor";

jest.setTimeout(300_000);

const OLD = "the secret that was there from the beginning";
const NEW = "the secret that takes the place of the other";
const LETTER = { subject: "Hello", paragraphs: ["There."] };
const NEWCOMERS = 400;

let desk: TestDesk;
beforeEach(async () => {
  desk = await openTestDesk({ appSecret: OLD });
});
afterEach(() => desk.close());

async function signIn(known: Known, origin: string): Promise<Visitor> {
  const visitor = await givePassword(known, new Visitor(origin));
  await visitor.fill("One-time code", codeNow(desk, known.secret)).press("Verify");
  expect([visitor.path, visitor.status, visitor.errors]).toEqual(["/profile", 200, {}]);
  return visitor;
}

async function enrol(email: string, origin: string, at2: string): Promise<Known> {
  const known = { email, password: PASSWORD, secret: "", recoveryCodes: [], visitor: new Visitor(origin) };
  const visitor = await givePassword(known, known.visitor);
  expect([visitor.path, visitor.status, visitor.errors]).toEqual(["/two-factor/enrol", 200, {}]);
  known.secret = setupKey(visitor);
  visitor.origin = at2;
  await visitor.fill("One-time code", codeNow(desk, known.secret)).press("Verify");
  expect(recoveryCodes(visitor)).toHaveLength(10);
  return known;
}

/** The authenticator is replaced: begun at one replica, confirmed at the other. */
async function replaceAuthenticator(known: Known, visitor: Visitor, other: string): Promise<void> {
  await visitor.press("Reset Two-Factor Authentication");
  expect([visitor.path, visitor.status, visitor.errors]).toEqual(["/profile/two-factor/reset", 200, {}]);
  const secret = setupKey(visitor);
  visitor.origin = other;
  await visitor.fill("One-time code", codeNow(desk, secret)).press("Verify");
  expect(recoveryCodes(visitor)).toHaveLength(10);
  known.secret = secret;
}

/** A form is sent after the session's end, and comes back after signing in at the other replica. */
async function parkAndComeBack(
  known: Known,
  visitor: Visitor,
  typed: string,
  other: string,
): Promise<() => Promise<void>> {
  await visitor.open("/profile");
  visitor.fill("First Name", typed);
  await ageSession(desk, visitor, 30 * 60 + 1);
  await visitor.press("Save Changes");
  expect(visitor.path).toContain("/sign-in");
  visitor.origin = other;
  return async () => {
    visitor.fill("Email", known.email).fill("Password", PASSWORD);
    await visitor.press("Sign in");
    await visitor.fill("One-time code", codeNow(desk, known.secret)).press("Verify");
    expect([visitor.path, visitor.value("First Name")]).toEqual(["/profile", typed]);
  };
}

describe("a rotation while two replicas are busy", () => {
  it("turns nobody away and loses nothing: codes, enrolments, resets, letters and parked forms", async () => {
    const everybody = [await setUp(desk)];
    for (const name of ["grace", "henry", "irene", "jacob"])
      everybody.push(await addPerson(desk, `${name}@example.com`));
    const hash = await desk.desk.passwords.hash(PASSWORD);
    await desk.db.query(
      `insert into people (email, first_name, last_name, password_hash)
       select 'newcomer' || n || '@example.com', 'New', 'Comer', $1 from generate_series(1, ${NEWCOMERS}) n`,
      [hash],
    );
    await sealValues(desk.db, desk.desk.seal, 12_000);
    const [left, right] = [await desk.replica(`${NEW},${OLD}`), await desk.replica(`${NEW},${OLD}`)];
    const sides = (n: number) => (n % 2 ? ([left, right] as const) : ([right, left] as const));
    const logged = desk.log.length;
    let [rounds, enrolled, letters, busy] = [0, 0, 0, 0];
    let comeBack = async () => {};

    const env = { DATABASE_URL: desk.databaseUrl, APP_SECRET: `${NEW},${OLD}` };
    const { child, ended } = startLatchkey(env, ["keys", "rotate-encryption"]);
    while (child.exitCode === null || rounds < 3) {
      desk.moveClock(30);
      await comeBack();
      desk.moveClock(30);
      const round = rounds++;
      const visitors = await Promise.all(
        everybody.map((known, n) => signIn(known, sides(n + round)[0].origin)),
      );
      desk.moveClock(30);
      const [one, other] = sides(round);
      const [ada, grace] = everybody as [Known, Known];
      const [adas, graces] = visitors as [Visitor, Visitor];
      adas.origin = one.origin;
      graces.origin = one.origin;
      const [parked] = await Promise.all([
        parkAndComeBack(ada, adas, `Typed ${round}`, other.origin),
        replaceAuthenticator(grace, graces, other.origin),
        ...[1, 2, 3].map(async () => {
          await enrol(`newcomer${++enrolled}@example.com`, one.origin, other.origin);
        }),
        ...[left, right].map(async (side) => {
          await queueLetter(desk.db, side.desk.seal, "letters@example.com", LETTER);
          letters++;
          side.desk.mail.wake();
        }),
      ]);
      comeBack = parked;
      if (child.exitCode === null) busy++;
    }
    desk.moveClock(30);
    await comeBack();
    expect(await ended).toMatchObject({
      code: 0,
      err: "",
      out: expect.stringContaining("Nothing is sealed under"),
    });
    expect(busy).toBeGreaterThan(0);

    const errors = desk.log
      .slice(logged)
      .map((line) => JSON.parse(line))
      .filter(({ level }) => level >= 40);
    expect(errors).toEqual([]);
    await until("every letter is sent", async () => {
      const { rows } = await desk.db.query(
        "select count(*)::int as sent from mail where recipient = 'letters@example.com' and sent_at is not null",
      );
      return rows[0].sent === letters;
    });
    expect(await lookAtSealed(desk.db, makeSeal(NEW), 1)).toMatchObject({ unopenable: [] });
    const alone = await desk.replica(NEW);
    desk.moveClock(30);
    for (const known of everybody) await signIn(known, alone.origin);
  });
});
