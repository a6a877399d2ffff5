import { COMMAND_LINE } from "../../src/base/actor";
import { ABSOLUTE_LIFETIMES, SESSION_TIMEOUTS } from "../../src/base/session-timeout";
import { addAdministrator } from "../../src/features/setup/add-administrator";
import { openTestDesk, type TestDesk } from "../support/desk";
import { tokenOfLink } from "../support/links";
import {
  addPerson,
  codeNow,
  givePassword,
  type Known,
  PASSWORD,
  setUp,
  setupKey,
  signIn,
} from "../support/people";
import { liftThrottles, storedSid } from "../support/time";
import { Visitor } from "../support/visitor";

jest.setTimeout(120_000);

const SECOND = 1;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let desk: TestDesk;
let ada: Known;
let grace: Known;
beforeAll(async () => {
  desk = await openTestDesk();
  await liftThrottles(desk);
  ada = await setUp(desk);
  grace = await addPerson(desk, "grace@example.com");
});
afterAll(() => desk.close());
beforeEach(() =>
  desk.db.query(
    `update installation set longest_session_timeout = 7776000, longest_session_timeout_administrators = 7776000,
            absolute_lifetime = 31536000`,
  ),
);

/** Begins something that lasts a while; the answer moves time on by seconds and says whether it still holds. */
type Begin = () => Promise<(seconds: number) => Promise<boolean>>;
/** What PRODUCT.md promises, how many seconds it lasts, to within how many, and how it begins. */
type Promised = [what: string, lasts: number, within: number, begin: Begin];

/** Moves the times in one row into the past, as if the database's clock had gone on. */
async function age(table: string, columns: string[], where: string, value: string, seconds: number) {
  const moved = columns.map((column) => `${column} = ${column} - make_interval(secs => $2)`).join();
  const { rowCount } = await desk.db.query(`update ${table} set ${moved} where ${where} = $1`, [
    value,
    seconds,
  ]);
  if (rowCount !== 1) throw new Error(`${rowCount} rows of ${table} were moved`);
}

const letIn = async (visitor: Visitor) => (await visitor.open("/profile")).path === "/profile";

/** Of a session with this timeout, after two clicks in a row: the second is not written, which must not end it early. */
const idle =
  (timeout: number, settings = "", who = () => grace): Begin =>
  async () => {
    const visitor = await signIn(desk, who());
    await desk.db.query("update people set session_timeout = $2 where email = $1", [who().email, timeout]);
    if (settings) await desk.db.query(`update installation set ${settings}`);
    await letIn(visitor);
    await letIn(visitor);
    return async (seconds) => {
      await age("sessions", ["last_active_at"], "sid", storedSid(visitor), seconds);
      return letIn(visitor);
    };
  };

const lifetime =
  (seconds: number): Begin =>
  async () => {
    const visitor = await signIn(desk, grace);
    await desk.db.query("update people set session_timeout = 7776000 where email = $1", [grace.email]);
    await desk.db.query("update installation set absolute_lifetime = $1", [seconds]);
    return async (later) => {
      await age("sessions", ["started_at", "expire"], "sid", storedSid(visitor), later);
      return letIn(visitor);
    };
  };

/** Half signed in, clicking until the very end. */
const halfSignedIn =
  (page: string, who: () => Promise<Known>): Begin =>
  async () => {
    const visitor = await givePassword(await who(), new Visitor(desk.origin));
    return async (seconds) => {
      await age("sessions", ["started_at"], "sid", storedSid(visitor), seconds);
      return (await visitor.open(page)).path === page;
    };
  };

let newcomers = 0;
/** Somebody with a password and no authenticator yet. */
async function newcomer(): Promise<Known> {
  const email = `new${newcomers++}@example.com`;
  await desk.db.query(
    `insert into people (email, first_name, last_name, password_hash)
     select $1, 'New', 'Comer', password_hash from people limit 1`,
    [email],
  );
  return { ...ada, email };
}

async function linkAges(
  token: string,
  email: string,
  page: string,
): Promise<(seconds: number) => Promise<boolean>> {
  const link = `${page}?token=${token}`;
  return async (seconds) => {
    await age("links", ["created_at", "expires_at"], "email", email, seconds);
    return (await new Visitor(desk.origin).open(link)).status === 200;
  };
}

const resetLink: Begin = async () => {
  const { email } = await newcomer();
  await new Visitor(desk.origin).post("/forgot-password", { email });
  return linkAges(await tokenOfLink(desk, "password-reset", email), email, "/reset-password");
};

/** Signing in with the password that `admin create` made up. */
const madeUpPassword: Begin = async () => {
  const email = `made${newcomers++}@example.com`;
  const person = { email, firstName: "Made", lastName: "Up" };
  const hash = await desk.desk.passwords.hash(PASSWORD);
  await addAdministrator(desk.db, COMMAND_LINE, person, { hash, madeUp: true });
  return async (seconds) => {
    await age("people", ["password_ends_at"], "email", email, seconds);
    return (await givePassword({ ...ada, email }, new Visitor(desk.origin))).path === "/two-factor/enrol";
  };
};

/** An administrator who has just given their password. */
async function administrator(): Promise<Visitor> {
  return signIn(desk, ada);
}

const idOf = async (email: string) =>
  (await desk.db.query("select id from people where email = $1", [email])).rows[0].id;

const handedLink: Begin = async () => {
  const { email } = await newcomer();
  const page = await (await administrator()).open(`/admin/people/${await idOf(email)}/password-link`);
  await page.fill("Reason", "Mailbox gone").press("Make link");
  return linkAges(await tokenOfLink(desk, "password-reset", email), email, "/reset-password");
};

const invitation: Begin = async () => {
  const email = `guest${newcomers++}@example.com`;
  const page = await (await administrator()).open("/admin/people/invite");
  await page.fill("Email", email).fill("Role", "member").press("Send invitation");
  return linkAges(await tokenOfLink(desk, "invitation", email), email, "/invitation");
};

const emailLink: Begin = async () => {
  const newEmail = `mail${newcomers++}@example.com`;
  const page = await (await signIn(desk, grace)).open("/profile/email");
  await page.fill("New email", newEmail).press("Send link");
  return linkAges(await tokenOfLink(desk, "email-change", newEmail), newEmail, "/profile/email/confirm");
};

const parkedForm: Begin = async () => {
  const visitor = await signIn(desk, grace);
  await desk.db.query("update people set session_timeout = 1800 where email = $1", [grace.email]);
  await visitor.open("/profile");
  const { action, fields } = visitor.fill("First Name", "Augusta").fieldsOf("Save Changes");
  await age("sessions", ["last_active_at"], "sid", storedSid(visitor), HOUR);
  await visitor.post(action, fields, { referer: `${desk.origin}/profile` });
  const sid = storedSid(visitor);
  return async (seconds) => {
    await age("parked_forms", ["parked_at"], "sid", sid, seconds);
    await visitor.fill("Email", grace.email).fill("Password", PASSWORD).press("Sign in");
    desk.moveClock(30);
    await visitor.fill("One-time code", codeNow(desk, grace.secret)).press("Verify");
    return visitor.value("First Name") === "Augusta";
  };
};

/** A page that asks for a recent password, after the clock of the program has gone on. */
const recentPassword =
  (page: string): Begin =>
  async () => {
    const visitor = await administrator();
    await visitor.open("/profile");
    desk.moveClock(1000);
    await visitor.open("/confirm-password");
    await visitor.fill("Password", PASSWORD).press("Confirm");
    return async (seconds) => {
      desk.moveClock(seconds);
      return (await visitor.open(page)).path === page;
    };
  };

/** The QR code on the page stays the same while it can be confirmed. */
const qrCode: Begin = async () => {
  const visitor = await (await signIn(desk, grace)).open("/profile/two-factor/reset");
  const key = setupKey(visitor);
  return async (seconds) => {
    await age("second_factors", ["created_at"], "pending_in", storedSid(visitor), seconds);
    return setupKey(await visitor.open("/profile/two-factor/reset")) === key;
  };
};

// A session may end a second early or late; links and codes are asked for by hand, after requests that take their time.
const SESSION = 1;
const OTHER = 3;

const PROMISED: Promised[] = [
  ...SESSION_TIMEOUTS.map(
    ({ label, seconds }): Promised => [`3. a session timeout of ${label}`, seconds, SESSION, idle(seconds)],
  ),
  [
    "3. an organisation-wide ceiling of 15 minutes on a longer choice",
    15 * MINUTE,
    SESSION,
    idle(8 * HOUR, "longest_session_timeout = 900"),
  ],
  [
    "3. a lower ceiling for administrators, of 15 minutes",
    15 * MINUTE,
    SESSION,
    idle(8 * HOUR, "longest_session_timeout_administrators = 900", () => ada),
  ],
  ...ABSOLUTE_LIFETIMES.map(
    ({ label, seconds }): Promised => [
      `3. an absolute lifetime of ${label}`,
      seconds,
      SESSION,
      lifetime(seconds),
    ],
  ),
  [
    "1. half signed in, the code due",
    15 * MINUTE,
    SESSION,
    halfSignedIn("/sign-in/two-factor", async () => grace),
  ],
  ["1. half signed in, enrolment due", 15 * MINUTE, SESSION, halfSignedIn("/two-factor/enrol", newcomer)],
  ["4. a QR code that waits for its first code", 15 * MINUTE, OTHER, qrCode],
  ["1. the link after a forgotten password", HOUR, OTHER, resetLink],
  ["1. the link for a new password from an administrator", HOUR, OTHER, handedLink],
  ["1. an invitation", 7 * DAY, OTHER, invitation],
  ["8. a password made up by admin create", 7 * DAY, OTHER, madeUpPassword],
  ["2. the link to a new email", HOUR, OTHER, emailLink],
  ["3. a form parked when the session had ended", 15 * MINUTE, OTHER, parkedForm],
  ["9. a password given, for one's own secrets", 10 * MINUTE, OTHER, recentPassword("/profile/email")],
  ["9. a password given, for others' accounts", 10 * MINUTE, OTHER, recentPassword("/admin/people/invite")],
];

describe("what lasts a while (the number is the chapter of PRODUCT.md)", () => {
  it.each(PROMISED)("%s lasts %d seconds, to within %d: not less", async (_what, lasts, within, begin) => {
    const holdsAfter = await begin();
    expect(await holdsAfter(lasts - within)).toBe(true);
  });

  it.each(PROMISED)("%s lasts %d seconds, to within %d: not longer", async (_what, lasts, within, begin) => {
    const holdsAfter = await begin();
    expect(await holdsAfter(lasts + within)).toBe(false);
  });
});

describe("a one-time code (chapter 4: 30 s, one step of drift)", () => {
  /** Moves the program's clock forward to this second of a step some way ahead, counted from the step's beginning. */
  async function typeCode(secondOfStep: number, press: (code: string) => Promise<unknown>, secret: string) {
    const now = desk.now().getTime() / 1000;
    const begins = Math.ceil(now / 30) * 30 + 300;
    desk.moveClock(begins - now + 1);
    const code = codeNow(desk, secret);
    // Back again where the second is before the step: an app whose clock is ahead shows a code before its time.
    desk.moveClock(begins + secondOfStep - desk.now().getTime() / 1000);
    await press(code);
  }

  // The second before a step that is one too early, its first; the last second of one that is late, and the next.
  const SECONDS: [second: number, accepted: boolean][] = [
    [-30 - SECOND, false],
    [-30, true],
    [0, true],
    [29, true],
    [59, true],
    [59 + SECOND, false],
  ];

  it.each(SECONDS)("typed at second %d of its step is accepted at sign-in: %p", async (second, accepted) => {
    const visitor = await givePassword(grace, new Visitor(desk.origin));
    await typeCode(second, (code) => visitor.fill("One-time code", code).press("Verify"), grace.secret);
    expect(visitor.path === "/profile").toBe(accepted);
  });

  it.each(SECONDS)("typed at second %d of its step is accepted at a reset: %p", async (second, accepted) => {
    const someone = await addPerson(desk, `reset${newcomers++}@example.com`);
    await someone.visitor.open("/profile/two-factor/reset");
    const press = (code: string) => someone.visitor.fill("One-time code", code).press("Verify");
    await typeCode(second, press, setupKey(someone.visitor));
    expect(someone.visitor.heading === "Your recovery codes").toBe(accepted);
  });
});
