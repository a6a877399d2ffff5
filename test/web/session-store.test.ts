import { openLiveSessions } from "../../src/web/live-sessions";
import { hashSid, SessionStore } from "../../src/web/session-store";
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
