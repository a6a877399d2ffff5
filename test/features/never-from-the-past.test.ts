import type { PoolClient } from "pg";
import { queryPrepared } from "../../src/platform/database";
import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, type Known, setUp } from "../support/people";
import { ageSession, idleFor } from "../support/time";

let desk: TestDesk;
let other: string;
let ada: Known;
beforeAll(async () => {
  desk = await openTestDesk();
  other = (await desk.replica()).origin;
  ada = await setUp(desk);
});
afterAll(() => desk.close());

const ask = async (origin: string, key: string) =>
  (await fetch(`${origin}/v1/authentication/verify`, { headers: { authorization: `Bearer ${key}` } })).status;

describe("two replicas under load", () => {
  /** Asks both replicas without a pause, until stopped; then all answers, each with when it was asked for. */
  function keepAsking(key: string) {
    const answers: { at: number; status: number }[] = [];
    let stopped = false;
    const loops = [desk.origin, other, desk.origin, other].map(async (origin) => {
      while (!stopped) {
        const at = performance.now();
        answers.push({ at, status: await ask(origin, key) });
      }
    });
    return async () => {
      stopped = true;
      await Promise.all(loops);
      return answers;
    };
  }

  it("accept a key in no answer that was asked for after it was revoked, 30 rounds", async () => {
    const grace = await addPerson(desk, "grace@example.com");
    for (let round = 0; round < 30; round++) {
      await grace.visitor.open("/profile");
      const key = (await grace.visitor.press("Generate API Key")).value("API key");
      await grace.visitor.press("Done");
      const stop = keepAsking(key);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await grace.visitor.press("Revoke");
      await grace.visitor.press("Revoke");
      const revokedAt = performance.now();
      expect(await Promise.all([desk.origin, other].map((origin) => ask(origin, key)))).toEqual([401, 401]);
      const answers = await stop();
      expect(answers.some(({ status }) => status === 200)).toBe(true);
      expect(answers.filter(({ at, status }) => at > revokedAt && status === 200)).toEqual([]);
    }
  }, 120_000);

  it("accept the key of somebody deactivated in none of 1,000 answers", async () => {
    const joan = await addPerson(desk, "joan@example.com");
    const key = (await (await joan.visitor.open("/profile")).press("Generate API Key")).value("API key");
    expect(await ask(other, key)).toBe(200);
    await desk.db.query("update people set deactivated_at = now() where email = $1", [joan.email]);
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, i) => ask(i % 2 ? desk.origin : other, key)),
    );
    expect(answers.filter((status) => status !== 401)).toEqual([]);
  });

  it("let nobody in whose sessions were ended, in none of 200 clicks at once", async () => {
    const eve = await addPerson(desk, "eve@example.com");
    await desk.db.query("delete from sessions where person_id = (select id from people where email = $1)", [
      eve.email,
    ]);
    const cookie = eve.visitor.cookieHeader();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        fetch(`${i % 2 ? desk.origin : other}/profile`, { headers: { cookie }, redirect: "manual" }),
      ),
    );
    expect(answers.filter(({ status }) => status !== 303)).toEqual([]);
  });
});

describe("activity", () => {
  async function endOthers(): Promise<void> {
    const page = await ada.visitor.tab().open("/profile/sessions");
    if (page.hasButton("Sign out everywhere else")) await page.press("Sign out everywhere else");
  }

  it("of 300 requests at once on two replicas is counted, while other sessions of the person are ended", async () => {
    for (let round = 0; round < 10; round++) {
      await ageSession(desk, ada.visitor, 1000);
      const cookie = ada.visitor.cookieHeader();
      const answers = await Promise.all([
        ...Array.from({ length: 300 }, (_, i) =>
          fetch(`${i % 2 ? desk.origin : other}/profile/activity`, { headers: { cookie } }),
        ),
        endOthers(),
      ]);
      expect(answers.map((answer) => answer?.status).filter((status) => status !== 200)).toEqual([undefined]);
      expect(await idleFor(desk, ada.visitor)).toBeLessThan(5);
    }
  }, 120_000);

  it("within a second of the last is not written again", async () => {
    await ada.visitor.open("/profile");
    await ageSession(desk, ada.visitor, 0.5);
    await ada.visitor.open("/profile");
    expect(await idleFor(desk, ada.visitor)).toBeGreaterThan(0.5);
    await ageSession(desk, ada.visitor, 2);
    await ada.visitor.open("/profile");
    expect(await idleFor(desk, ada.visitor)).toBeLessThan(1.5);
  });
});

describe("a statement whose name the connection has for another, as behind a pooler that hands out connections", () => {
  it("is answered all the same", async () => {
    const clients: PoolClient[] = [];
    for (let i = 0; i < 10; i++) clients.push(await desk.db.connect());
    for (const client of clients) await client.query("prepare answer as select 'another'");
    for (const client of clients) client.release();
    const statement = { name: "answer", text: "select $1::int as answer" };
    expect((await queryPrepared(desk.db, statement, [1])).rows).toEqual([{ answer: 1 }]);
    expect((await queryPrepared(desk.db, statement, [2])).rows).toEqual([{ answer: 2 }]);
  });
});
