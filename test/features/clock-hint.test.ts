import { openTestDesk, type TestDesk } from "../support/desk";
import { codeNow, enrol, givePassword, type Known, setUp, setupKey } from "../support/people";
import { Visitor } from "../support/visitor";

let desk: TestDesk;
let ada: Known;
beforeEach(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
});
afterEach(() => desk.close());

/** The code an authenticator shows whose clock is off by so many seconds. */
function codeOf(secret: string, seconds: number): string {
  desk.moveClock(seconds);
  const code = codeNow(desk, secret);
  desk.moveClock(-seconds);
  return code;
}

async function tryCode(code: string, visitor?: Visitor): Promise<Visitor> {
  const half = visitor ?? (await givePassword(ada, new Visitor(desk.origin)));
  return half.fill("One-time code", code).press("Verify");
}

describe("a code that is wrong only by the phone's clock", () => {
  it.each([
    [300, "about 5 minutes ahead"],
    [1200, "about 20 minutes ahead"],
    [-600, "about 10 minutes behind"],
    [3600, "about 1 hour ahead"],
    [-2 * 3600, "about 2 hours behind"],
  ])("%d seconds off gets a hint that says by how much, and does not sign in", async (seconds, words) => {
    desk.moveClock(3 * 3600);
    const visitor = await tryCode(codeOf(ada.secret, seconds));
    expect(visitor.status).toBe(422);
    expect(visitor.errors.code).toContain(`your phone’s clock is ${words}. Set it to the automatic time`);
    expect((await visitor.open("/profile")).path).toBe("/sign-in/two-factor");
  });

  it.each([300, 3600])(
    "%d seconds ahead is not accepted when its time comes either, on no replica; the codes around it are",
    async (ahead) => {
      const code = codeOf(ada.secret, ahead);
      await tryCode(code);
      desk.moveClock(ahead);
      const late = new Visitor((await desk.replica()).origin);
      expect((await tryCode(code, await givePassword(ada, late))).status).toBe(422);
      desk.moveClock(30);
      expect((await tryCode(codeNow(desk, ada.secret))).path).toBe("/profile");
    },
  );

  it("that was accepted in its time is called used, not a wrong clock", async () => {
    desk.moveClock(60);
    const code = codeNow(desk, ada.secret);
    expect((await tryCode(code)).path).toBe("/profile");
    desk.moveClock(300);
    expect((await tryCode(code)).errors.code).toContain("has been used already");
  });

  it("gets no hint half an hour or a day off, nor for another secret", async () => {
    desk.moveClock(7200);
    for (const code of [
      codeOf(ada.secret, 1800),
      codeOf(ada.secret, 86400),
      codeOf("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 300),
    ]) {
      expect((await tryCode(code)).errors.code).toContain("That code is not right");
    }
  });

  it("gets the hint while enrolling too, and the right code then enrols", async () => {
    await desk.db.query("delete from second_factors");
    const visitor = await givePassword(ada, new Visitor(desk.origin));
    const secret = setupKey(visitor);
    await tryCode(codeOf(secret, -300), visitor);
    expect(visitor.errors.code).toContain("your phone’s clock is about 5 minutes behind");
    expect(setupKey(visitor)).toBe(secret);
    await enrol(desk, visitor, ada.email);
    expect(visitor.path).toBe("/profile");
  });
});
