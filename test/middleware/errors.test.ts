import { Agent, request } from "node:http";
import { setTimeout } from "node:timers/promises";
import { openTestDesk, type TestDesk } from "../support/desk";
import { type Known, setUp } from "../support/people";
import { ageSession, idleFor, storedSid } from "../support/time";
import { until, untilBlocked } from "../support/until";
import { Visitor } from "../support/visitor";

let desk: TestDesk;
let ada: Known;
beforeAll(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
  // As Postgres says it when a statement took too long.
  await desk.db.query(`
    create function away() returns boolean language plpgsql as $$
      begin raise exception 'away' using errcode = '57014'; end $$;
    create function away_for_changes() returns trigger language plpgsql as $$
      begin return case when away() then new end; end $$;`);
});
afterAll(() => desk.close());

const FORM = { "content-type": "application/x-www-form-urlencoded" };
type Line = { id?: string; level: number; msg: string; err?: { message: string } };

/** What is logged by this, but for the lines of the requests themselves. */
async function loggedBy(request: () => Promise<unknown>): Promise<Line[]> {
  const before = desk.log.length;
  await request();
  return desk.log
    .slice(before)
    .map((line) => JSON.parse(line))
    .filter(({ req }) => !req);
}

/** Does this while a table cannot be changed, as where the database is away. */
async function whileUnchangeable(table: string, request: () => Promise<unknown>): Promise<void> {
  await desk.db.query(
    `create trigger away before update on ${table} for each row execute function away_for_changes()`,
  );
  await request();
  await desk.db.query(`drop trigger away on ${table}`);
}

/** Leaves a notice for this visitor's next page. */
async function tellNext(visitor: Visitor, notice: string): Promise<void> {
  await desk.db.query(
    "update sessions set sess = jsonb_set(sess::jsonb, '{notice}', to_jsonb($2::text)) where sid = $1",
    [storedSid(visitor), notice],
  );
}

const FAILED = { id: expect.any(String), level: 50, msg: "A request failed" };

describe("what goes wrong", () => {
  it("on our side is a page with the request's number, under which the log has the reason", async () => {
    const visitor = ada.visitor.tab();
    await desk.db.query("alter table api_keys rename to elsewhere");
    const lines = await loggedBy(() => visitor.open("/profile"));
    await desk.db.query("alter table elsewhere rename to api_keys");
    expect(visitor.status).toBe(500);
    expect(visitor.text).toContain("Something went wrong on our side. Nothing you did caused it.");
    const err = expect.objectContaining({ message: expect.stringContaining("api_keys") });
    expect(lines).toEqual([expect.objectContaining({ ...FAILED, id: visitor.$("code").text(), err })]);
    expect(visitor.headers.has("retry-after")).toBe(false);
  });

  it("while that page itself is drawn is told in a few words, and the log has the reason", async () => {
    const visitor = ada.visitor.tab();
    await tellNext(visitor, "Saved.");
    await desk.db.query("alter table sessions add constraint nothing_fits check (false) not valid");
    const lines = await loggedBy(() => visitor.open("/no-such-page"));
    await desk.db.query("alter table sessions drop constraint nothing_fits");
    expect([visitor.status, visitor.html]).toEqual([500, "Something went wrong."]);
    const err = expect.objectContaining({ message: expect.stringContaining("nothing_fits") });
    const told = { id: expect.any(String), level: 50, msg: "The error page could not be drawn", err };
    expect(lines).toContainEqual(expect.objectContaining(told));
    await visitor.open("/profile");
  });

  it.each<[string, (visitor: Visitor) => Promise<unknown>]>([
    [
      "a form in letters nobody knows",
      (visitor) =>
        visitor.post("/sign-in", "email=a", {
          "content-type": "application/x-www-form-urlencoded; charset=klingon",
        }),
    ],
    [
      "a form that is not compressed as it says",
      (visitor) => visitor.post("/sign-in", "email=a", { "content-encoding": "gzip" }),
    ],
    ["an address with a broken escape", (visitor) => visitor.open("/admin/people/%zz")],
  ])("with what a browser sent is no failure of ours: %s", async (_what, send) => {
    const visitor = new Visitor(desk.origin);
    const lines = await loggedBy(() => send(visitor));
    expect([visitor.status, visitor.heading]).toEqual([400, "That could not be read"]);
    expect(visitor.text).toContain("The request could not be read. Go back and try again.");
    expect(lines.filter(({ level }) => level > 30)).toEqual([]);
  });
});

describe("what is not there", () => {
  it.each([
    ["/favicon.ico", "file", false],
    ["/profile/photo.JPEG", "file", false],
    ["/profile/v1.2/x", "page", true],
    ["/no-such-page", "page", true],
  ])("at %s is called a %s; asking for it is activity: %p", async (path, kind, isActivity) => {
    const visitor = ada.visitor.tab();
    await ageSession(desk, visitor, 100);
    await visitor.open(path);
    expect(visitor.status).toBe(404);
    expect(visitor.text).toContain(`There is no ${kind} at this address.`);
    expect((await idleFor(desk, visitor)) < 50).toBe(isActivity);
  });
});

describe("where the database is away", () => {
  it("a page says so, with when to try again and a way to it, and nobody is taken for signed out", async () => {
    const visitor = ada.visitor.tab();
    await desk.db.query(
      "alter table sessions rename to elsewhere; create view sessions as select * from elsewhere where away()",
    );
    const lines = await loggedBy(() => visitor.open("/profile/activity?page=2"));
    await desk.db.query("drop view sessions; alter table elsewhere rename to sessions");
    expect([visitor.status, visitor.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(visitor.text).toContain("The database does not answer at the moment. Try again in a few seconds.");
    expect(visitor.$("main a").attr("href")).toBe("/profile/activity?page=2");
    expect(visitor.headers.getSetCookie()).toEqual([]);
    expect(lines).toEqual([expect.objectContaining(FAILED)]);
    expect((await visitor.open("/profile")).path).toBe("/profile");
  });

  it("a form is told that nothing was changed, and leads back to its page", async () => {
    const visitor = await ada.visitor.tab().open("/profile");
    const { fields } = visitor.fill("First Name", "Augusta").fieldsOf("Save Changes");
    const referer = `${desk.origin}/profile?from=here`;
    let lines: Line[] = [];
    await whileUnchangeable("people", async () => {
      lines = await loggedBy(() => visitor.post("/profile", fields, { referer }));
    });
    expect([visitor.status, visitor.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(visitor.text).toContain("The database does not answer at the moment. Nothing was changed.");
    expect(visitor.$("main a").attr("href")).toBe("/profile?from=here");
    expect(visitor.$("main a").text()).toBe("Go to the page you came from");
    expect(lines).toEqual([expect.objectContaining(FAILED)]);
  });

  it("a form is told that it is not known whether it went through, once something of it was saved", async () => {
    const visitor = await ada.visitor.tab().open("/profile");
    visitor.fill("First Name", "Augusta");
    await whileUnchangeable("sessions", () => visitor.press("Save Changes"));
    expect(visitor.status).toBe(503);
    expect(visitor.text).toContain("It is not known whether what you sent went through.");
    expect((await visitor.open("/profile")).value("First Name")).toBe("Augusta");
  });

  it("the page that says so needs it for nothing: it offers no form, and what a session was to be told waits", async () => {
    const visitor = ada.visitor.tab();
    await tellNext(visitor, "Saved.");
    let lines: Line[] = [];
    await whileUnchangeable("sessions", async () => {
      lines = await loggedBy(() => visitor.open("/profile"));
    });
    expect(visitor.status).toBe(503);
    expect(visitor.$("form")).toHaveLength(0);
    expect(lines).toEqual([expect.objectContaining(FAILED)]);
    expect((await visitor.open("/profile")).text).toContain("Saved.");
  });

  it.each([
    ["/profile", 200, "Your profile"],
    ["/no-such-page", 404, "Page not found"],
  ])(
    "activity at %s that cannot be noted leaves the page whole, and is in the log",
    async (path, status, heading) => {
      const visitor = ada.visitor.tab();
      await ageSession(desk, visitor, 100);
      let lines: Line[] = [];
      await whileUnchangeable("sessions", async () => {
        lines = await loggedBy(() => visitor.open(path));
      });
      expect([visitor.status, visitor.heading]).toEqual([status, heading]);
      const err = expect.objectContaining({ message: expect.stringContaining("away") });
      const msg = "Something failed after a request was answered";
      expect(lines).toEqual([expect.objectContaining({ id: expect.any(String), level: 40, msg, err })]);
    },
  );
});

describe("what is not answered within nine seconds", () => {
  /** Lets a request run into a table nobody may change for a while, moves the time on by nine seconds, and lets the table go. */
  async function afterNineSeconds(table: string, request: () => Promise<unknown>): Promise<void> {
    const blocker = await desk.db.connect();
    await blocker.query(`begin; lock table ${table} in share mode`);
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask", "performance", "Date"] });
    const under = request();
    await untilBlocked(desk.db);
    jest.advanceTimersByTime(9_000);
    jest.useRealTimers();
    await under;
    await blocker.query("commit");
    blocker.release();
  }

  it("is a page that says so, with when to try again; what a form had sent may be saved yet", async () => {
    const visitor = await ada.visitor.tab().open("/profile");
    visitor.fill("First Name", "Late");
    await afterNineSeconds("people", () => visitor.press("Save Changes"));
    expect([visitor.status, visitor.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(visitor.text).toContain("This took too long. It is not known whether what you sent went through.");
    await until("it is saved", async () => {
      const { rows } = await desk.db.query("select from people where first_name = 'Late'");
      return rows.length;
    });
    await until("what cannot be answered any more is in the log", () =>
      desk.log.some((line) => line.includes("Something failed after a request was answered")),
    );
  });

  it("leaves its connection to the next request, whatever becomes of the late one", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const visitor = await ada.visitor.tab().open("/profile");
    const { fields } = visitor.fill("First Name", "Later").fieldsOf("Save Changes");
    const ask = (method: string, body = "") =>
      new Promise<{ status: number | undefined; port: number | undefined }>((resolve, reject) => {
        const headers = { cookie: visitor.cookieHeader(), ...(body && FORM) };
        const asked = request(`${desk.origin}/profile`, { method, agent, headers }, (answer) => {
          const { localPort: port } = answer.socket;
          answer.resume().on("end", () => resolve({ status: answer.statusCode, port }));
        });
        asked.on("error", reject).end(body);
      });
    const next = await desk.db.connect();
    let late: { status: number | undefined; port: number | undefined } | undefined;
    let after: ReturnType<typeof ask> | undefined;
    await afterNineSeconds("people", async () => {
      late = await ask("POST", new URLSearchParams(fields).toString());
      await next.query("begin; lock table api_keys in access exclusive mode");
      after = ask("GET");
    });
    await until("it is saved", async () => {
      const { rows } = await desk.db.query("select from people where first_name = 'Later'");
      return rows.length;
    });
    await setTimeout(50);
    await next.query("rollback");
    next.release();
    expect(late).toEqual({ status: 503, port: expect.any(Number) });
    expect(await after).toEqual({ status: 200, port: late?.port });
    agent.destroy();
  });
});
