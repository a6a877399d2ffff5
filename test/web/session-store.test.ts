import { openLiveSessions } from "../../src/web/live-sessions";
import { hashSid, isUnchanged, SessionStore, withRow } from "../../src/web/session-store";
import { openTestDatabase } from "../support/database";
import { untilBlocked } from "../support/until";

describe("counting a request as activity", () => {
  it("holds up its answer for a second at most while the database hangs, and lets it go once", async () => {
    const { db, close } = await openTestDatabase();
    const store = new SessionStore(db, openLiveSessions(db));
    const due = { cookie: { originalMaxAge: null }, row: { idleTimeout: 1800, idleLeft: 1000 } } as never;
    const answered = jest.fn();
    const blocker = await db.connect();
    try {
      await blocker.query("begin; lock table sessions in access exclusive mode");
      jest.useFakeTimers({
        doNotFake: ["Date", "nextTick", "queueMicrotask", "setImmediate", "performance"],
      });
      store.touch("a-session_id", due, answered);
      jest.advanceTimersByTime(999);
      expect(answered).toHaveBeenCalledTimes(0);
      jest.advanceTimersByTime(1);
      expect(answered).toHaveBeenCalledTimes(1);
      jest.useRealTimers();
      await untilBlocked(db);
    } finally {
      jest.useRealTimers();
      await blocker.query("rollback");
      blocker.release();
    }
    await store.live.touch(hashSid("a-session_id"));
    expect(answered).toHaveBeenCalledTimes(1);
    await close();
  });
});

describe("whether a session was changed since it was read", () => {
  const cookie = { originalMaxAge: null };
  const READ = { csrfSecret: "secret", passwordGivenAt: 1_000 };
  const isSame = (now: object, before: object = READ) =>
    isUnchanged(withRow({ cookie, ...now }, { sess: before } as never) as never);

  it("is seen from what it remembers, not from its cookie", () => {
    expect(isSame(READ)).toBe(true);
    expect(isSame({ passwordGivenAt: 1_000, csrfSecret: "secret" })).toBe(true);
    expect(isSame({}, {})).toBe(true);
    expect(isUnchanged({ cookie } as never)).toBe(true);
  });

  it.each<[string, object, object?]>([
    ["another value", { ...READ, csrfSecret: "other" }],
    ["another type", { ...READ, passwordGivenAt: "1000" }],
    ["more", { ...READ, notice: "Saved." }],
    ["less", { csrfSecret: "secret" }],
    ["one thing in place of another", { csrfSecret: "secret", notice: "Saved." }],
    ["nothing any more", {}],
    ["something where it remembered nothing", { notice: "Saved." }, {}],
    ["nothing in place of something", { csrfSecret: "secret", notice: undefined }],
    ["what may have been changed inside", { list: READ }, { list: READ }],
  ])("%s is a change", (_name, now, before = READ) => {
    expect(isSame(now, before)).toBe(false);
  });
});
