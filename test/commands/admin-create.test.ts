import { makePasswords } from "../../src/platform/passwords";
import { dayInWords } from "../../src/web/day-in-words";
import { CREATE_ADA, runHere } from "../support/command-line";
import { APP_SECRET, openTestDesk, type TestDesk } from "../support/desk";
import { tokenOfLink } from "../support/links";
import { enrol, givePassword, type Known, PASSWORD } from "../support/people";
import { Visitor } from "../support/visitor";

const EMAIL = "ada@example.com";
const LAPSED = "That password was made up for you, and has ended";

let desk: TestDesk;
beforeEach(async () => {
  desk = await openTestDesk({ passwordCost: 5 });
});
afterEach(() => desk.close());

const create = async (args: string[] = [], stdin?: string) => {
  const env = { DATABASE_URL: desk.databaseUrl, APP_SECRET };
  const { code, out, err } = await runHere(env, [...CREATE_ADA, ...args], stdin);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out;
};
const madeUp = async () => /only this once: (\S{20})\n/.exec(await create())?.[1] ?? "";
const known = (password: string): Known => ({
  email: EMAIL,
  password,
  secret: "",
  recoveryCodes: [],
  visitor: new Visitor(desk.origin),
});
const signInWith = (password: string) => givePassword(known(password), new Visitor(desk.origin));
const later = (seconds: number) =>
  desk.db.query("update people set password_ends_at = password_ends_at - make_interval(secs => $1)", [
    seconds,
  ]);
const end = async () => (await desk.db.query("select password_ends_at as at from people")).rows[0].at;

const WEEK = 7 * 24 * 60 * 60;

describe("a password that admin create made up", () => {
  it("signs in for 7 days, also once its hash was made anew, and then says that it has ended; no wrong one does", async () => {
    const password = await madeUp();
    const ends = await end();
    const cheap = await makePasswords(desk.desk.pepper, 4).hash(password);
    await desk.db.query("update people set password_hash = $1", [cheap]);
    expect((await signInWith(password)).path).toBe("/two-factor/enrol");
    expect((await desk.db.query("select from people where password_hash = $1", [cheap])).rowCount).toBe(0);
    expect(await end()).toEqual(ends);
    await later(WEEK - 60);
    expect((await signInWith(password)).path).toBe("/two-factor/enrol");
    await later(60);
    const late = await signInWith(password);
    expect([late.status, late.path]).toEqual([422, "/sign-in"]);
    expect(late.errors.email).toContain(LAPSED);
    const wrong = await signInWith("Wrong-Password-1");
    expect(wrong.status).toBe(422);
    expect(wrong.errors.email).not.toContain(LAPSED);
  });

  it("that has ended is replaced through the link for a forgotten one, by one without an end", async () => {
    const password = await madeUp();
    await later(WEEK);
    const visitor = await signInWith(password);
    await visitor.follow("Forgotten your password?");
    await visitor.fill("Email", EMAIL).press("Send link");
    await visitor.open(`/reset-password?token=${await tokenOfLink(desk, "password-reset", EMAIL)}`);
    await visitor.fill("New password", PASSWORD).press("Save password");
    expect(await end()).toBeNull();
    expect((await signInWith(PASSWORD)).path).toBe("/two-factor/enrol");
  });

  it("is told of on the profile page with its end, and changed there to one without an end", async () => {
    const password = await madeUp();
    const { visitor } = await enrol(desk, await signInWith(password), EMAIL);
    expect((await visitor.open("/profile")).text).toContain(
      `This password was made up for you and signs you in until ${dayInWords(await end())}`,
    );
    await visitor.open("/profile/password");
    await visitor.fill("Current password", password).fill("New password", PASSWORD).press("Change password");
    expect(visitor.text).toContain("Your password is changed");
    expect(visitor.text).not.toContain("made up for you");
    expect(await end()).toBeNull();
  });

  it("comes with words about its end, which one that was chosen has not", async () => {
    const out = await create();
    expect(out).toContain("The password ends in 7 days: choose your own at ");
    expect(out).toContain("/profile/password\n");
    await desk.db.query("delete from people");
    const chosen = await create(["--password-stdin"], `${PASSWORD}\n`);
    expect(chosen).not.toMatch(/7 days|only this once/);
    expect(await end()).toBeNull();
    expect((await signInWith(PASSWORD)).path).toBe("/two-factor/enrol");
  });
});
