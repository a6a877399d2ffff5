import bcrypt from "bcrypt";
import { makePasswords } from "../../src/platform/passwords";
import { openTestDesk, type TestDesk } from "../support/desk";
import { givePassword, type Known, PASSWORD, setUp, signIn } from "../support/people";
import { untilBlocked } from "../support/until";
import { Visitor } from "../support/visitor";

const COST = 6;
const NEW_PASSWORD = "Another-Harbour-43";

let desk: TestDesk;
let ada: Known;
let old: string;
beforeEach(async () => {
  desk = await openTestDesk({ passwordCost: COST });
  ada = await setUp(desk);
  old = await makePasswords(desk.desk.pepper, 4).hash(PASSWORD);
  await desk.db.query("update people set password_hash = $1", [old]);
});
afterEach(() => desk.close());

const hash = async (): Promise<string> =>
  (await desk.db.query("select password_hash from people")).rows[0].password_hash;
const costNow = async () => bcrypt.getRounds(await hash());
const actions = async () =>
  (await desk.db.query("select action from trail order by id")).rows.map(({ action }) => action);
const letters = async () => (await desk.db.query("select from mail")).rowCount;

/** Holds Ada's row, waits until a request of hers runs into it, changes her hash to this one, and lets it go on. */
const whileItBecomes = (hash: string, request: () => Promise<unknown>) =>
  whileWaiting(request, "update people set password_hash = $1", [hash]);

async function whileWaiting(
  request: () => Promise<unknown>,
  change: string,
  values: string[] = [],
): Promise<void> {
  const blocker = await desk.db.connect();
  await blocker.query("begin");
  await blocker.query("select from people for update");
  const under = request();
  await untilBlocked(desk.db);
  await blocker.query(change, values);
  await blocker.query("commit");
  blocker.release();
  await under;
}

describe("a password's hash of a lower cost than the present one", () => {
  it("is made anew at a right sign-in, at which no session ends, and which the trail and letters tell as any other", async () => {
    const before = { actions: await actions(), letters: await letters() };
    await signIn(desk, ada);
    expect(await costNow()).toBe(COST);
    const renewed = await hash();
    expect((await ada.visitor.open("/profile")).path).toBe("/profile");
    expect(await actions()).toEqual([...before.actions, "session.started"]);
    expect(await letters()).toBe(before.letters);
    await signIn(desk, ada);
    expect(await hash()).toBe(renewed);
  });

  it("stays at a wrong password, and one of a higher cost at a right one", async () => {
    await givePassword({ ...ada, password: "Wrong-Password-1" }, new Visitor(desk.origin));
    expect(await hash()).toBe(old);
    const higher = await makePasswords(desk.desk.pepper, COST + 1).hash(PASSWORD);
    await desk.db.query("update people set password_hash = $1", [higher]);
    expect((await givePassword(ada, new Visitor(desk.origin))).path).toBe("/sign-in/two-factor");
    expect(await hash()).toBe(higher);
  });

  it("is made anew where the password is confirmed", async () => {
    const { visitor } = ada;
    await visitor.open("/confirm-password");
    await visitor.fill("Password", PASSWORD).press("Confirm");
    expect(visitor.path).toBe("/profile");
    expect(await costNow()).toBe(COST);
  });

  it("never takes the place of a password that was changed at that moment", async () => {
    const changed = await desk.desk.passwords.hash(NEW_PASSWORD);
    const late = await new Visitor(desk.origin).open("/sign-in");
    late.fill("Email", ada.email).fill("Password", PASSWORD);
    await whileItBecomes(changed, () => late.press("Sign in"));
    expect(late.status).toBe(422);
    expect(late.errors.email).toContain("not right");
    expect(await hash()).toBe(changed);
  });

  it("signs in nobody who is deactivated at that moment, who is told what a wrong password is", async () => {
    const late = await new Visitor(desk.origin).open("/sign-in");
    late.fill("Email", ada.email).fill("Password", PASSWORD);
    await whileWaiting(() => late.press("Sign in"), "update people set deactivated_at = now()");
    expect(late.status).toBe(422);
    expect(late.errors.email).toContain("not right");
    expect(await hash()).toBe(old);
  });

  it.each([
    ["Sign in", "/sign-in", { Email: "ada@example.com", Password: PASSWORD }, "/sign-in/two-factor"],
    ["Confirm", "/confirm-password", { Password: PASSWORD }, "/profile"],
    [
      "Change password",
      "/profile/password",
      { "Current password": PASSWORD, "New password": NEW_PASSWORD },
      "/profile",
    ],
  ])(
    "made anew elsewhere at that moment holds up nobody who presses %s",
    async (button, at, form, leadsTo) => {
      const elsewhere = await desk.desk.passwords.hash(PASSWORD);
      const visitor = button === "Sign in" ? new Visitor(desk.origin) : ada.visitor;
      await visitor.open(at);
      for (const [label, value] of Object.entries(form)) visitor.fill(label, value);
      await whileItBecomes(elsewhere, () => visitor.press(button));
      expect([visitor.status, visitor.path]).toEqual([200, leadsTo]);
      expect((await hash()) === elsewhere).toBe(button !== "Change password");
    },
  );
});
