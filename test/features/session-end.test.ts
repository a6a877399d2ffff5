import { openTestDesk, type TestDesk } from "../support/desk";
import { freshCode, givePassword, type Known, setUp, setupKey } from "../support/people";
import { ageSession, idleFor, startedAgo } from "../support/time";
import { Visitor } from "../support/visitor";

let desk: TestDesk;
let ada: Known;
beforeEach(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
});
afterEach(() => desk.close());

const remaining = async (visitor: Visitor) =>
  JSON.parse((await visitor.raw("/session/remaining")).body).secondsLeft as number;
/** Where a page without JavaScript goes by itself, and after how many seconds. */
const refresh = (visitor: Visitor) => {
  const [, seconds, path] =
    /<noscript><meta http-equiv="refresh" content="(\d+);url=([^"]+)"><\/noscript>/.exec(visitor.html) ?? [];
  return { seconds: Number(seconds), path: path?.replaceAll("&amp;", "&") };
};

describe("how long a session has left", () => {
  it("is told without counting as activity", async () => {
    await ageSession(desk, ada.visitor, 1000);
    expect(await remaining(ada.visitor)).toBeCloseTo(800, -1);
    await ada.visitor.raw("/session/ended");
    expect(await idleFor(desk, ada.visitor)).toBeGreaterThan(999);
  });

  it("is never more than the absolute lifetime leaves", async () => {
    await startedAgo(desk, ada.visitor, 365 * 24 * 3600 - 100);
    expect(await remaining(ada.visitor)).toBeLessThan(101);
    await ada.visitor.open("/profile");
    expect(refresh(ada.visitor).seconds).toBeLessThanOrEqual(101);
  });

  it("is nothing for strangers, half signed in, and once it has ended", async () => {
    expect(await remaining(new Visitor(desk.origin))).toBe(0);
    expect(await remaining(await givePassword(ada, new Visitor(desk.origin)))).toBe(0);
    await ageSession(desk, ada.visitor, 1801);
    expect(await remaining(ada.visitor)).toBe(0);
  });

  it("begins anew by staying, which only this session's own form does", async () => {
    const { hidden } = await ada.visitor.open("/profile").then((page) => ({ hidden: page.hidden("_csrf") }));
    await ageSession(desk, ada.visitor, 1790);
    expect((await ada.visitor.tab().post("/session/stay", { _csrf: "made-up" })).status).toBe(403);
    await ageSession(desk, ada.visitor, 1790);
    const stayed = await ada.visitor.tab().post("/session/stay", { _csrf: hidden });
    expect(JSON.parse(stayed.html)).toEqual({ secondsLeft: 1800 });
    expect(await idleFor(desk, ada.visitor)).toBeLessThan(5);
  });
});

describe("a page without JavaScript", () => {
  it("goes by itself to the notice a second after the end, and from there back to where it was", async () => {
    await ada.visitor.open("/profile/sessions");
    expect(refresh(ada.visitor)).toEqual({
      seconds: 1801,
      path: "/session/ended?return=%2Fprofile%2Fsessions",
    });
    await ageSession(desk, ada.visitor, 1801);
    await ada.visitor.open(refresh(ada.visitor).path ?? "");
    expect(ada.visitor.path).toBe("/sign-in?return=%2Fprofile%2Fsessions");
    expect(ada.visitor.text).toContain("You were signed out after 30 minutes without activity");
  });

  it("says that the session goes on when another window kept it alive, without keeping it alive itself", async () => {
    await ada.visitor.open("/profile");
    await ageSession(desk, ada.visitor, 1000);
    await ada.visitor.open(refresh(ada.visitor).path ?? "");
    expect(ada.visitor.heading).toBe("You are still signed in");
    expect(refresh(ada.visitor).seconds).toBeLessThanOrEqual(801);
    expect(await idleFor(desk, ada.visitor)).toBeGreaterThan(999);
    await ada.visitor.press("Go on where you were");
    expect(ada.visitor.path).toBe("/profile");
  });

  it("stays where it is where the session has just begun, as with the recovery codes of a first authenticator", async () => {
    await desk.db.query("delete from second_factors");
    const visitor = await givePassword(ada, new Visitor(desk.origin));
    await visitor.fill("One-time code", freshCode(desk, setupKey(visitor))).press("Verify");
    expect(visitor.heading).toBe("Your recovery codes");
    expect(visitor.html).not.toMatch(/http-equiv|data-ends-in/);
    expect(refresh(await visitor.open("/profile")).seconds).toBe(1801);
  });

  it("stays where it is for somebody with 90 days, whom no browser's clock could serve", async () => {
    await ada.visitor.open("/profile");
    await ada.visitor.fill("Session Timeout", "90 days").press("Save Changes");
    expect(ada.visitor.html).not.toContain("http-equiv");
  });

  it("leads nowhere else, whatever the address says", async () => {
    await ageSession(desk, ada.visitor, 1801);
    for (const evil of ["//evil.example", "https://evil.example", "/\\evil.example"]) {
      await ada.visitor.open(`/session/ended?return=${encodeURIComponent(evil)}`);
      expect(ada.visitor.path).toBe("/sign-in?return=%2Fprofile");
    }
  });
});
