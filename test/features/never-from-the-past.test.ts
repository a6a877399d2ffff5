import type { PoolClient } from "pg";
import { queryPrepared } from "../../src/platform/prepared";
import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, type Known, setUp } from "../support/people";
import { ageSession, idleFor } from "../support/time";

// ROUNDS=10000 asks ten times as often; the suite has five minutes.
const ROUNDS = Number(process.env.ROUNDS ?? 1_000);

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

  it("refuse a key asked for right after its revocation was committed, and accept it before, in each of many rounds", async () => {
    const known: Known[] = [];
    for (let i = 0; i < 8; i++) known.push(await addPerson(desk, `caller${i}@example.com`));
    const wrong: string[] = [];
    const inTurns = known.map(async ({ visitor }) => {
      const key = (await (await visitor.open("/profile")).press("Generate API Key")).value("API key");
      const id = key.slice(2, 10);
      for (let round = 0; round < ROUNDS / known.length; round++) {
        const [first, second] = round % 2 ? [desk.origin, other] : [other, desk.origin];
        if ((await ask(second, key)) !== 200) wrong.push(`refused in round ${round}`);
        await desk.db.query("update api_keys set ended_at = clock_timestamp() where id = $1", [id]);
        if ((await ask(first, key)) !== 401) wrong.push(`accepted in round ${round} by the one`);
        if ((await ask(second, key)) !== 401) wrong.push(`accepted in round ${round} by the other`);
        await desk.db.query("update api_keys set ended_at = null where id = $1", [id]);
      }
    });
    await Promise.all(inTurns);
    expect(wrong).toEqual([]);
  }, 600_000);

  it("let nobody in whose timeout was lowered below their idleness, in none of 30 rounds of clicks", async () => {
    const lin = await addPerson(desk, "lin@example.com");
    const cookie = lin.visitor.cookieHeader();
    // Read to its end: before that the activity is not written.
    const click = async (origin: string) => {
      const answer = await fetch(`${origin}/profile`, { headers: { cookie }, redirect: "manual" });
      await answer.text();
      return answer.status;
    };
    const chooseTimeout = (seconds: number) =>
      desk.db.query("update people set session_timeout = $2 where email = $1", [lin.email, seconds]);
    for (let round = 0; round < 30; round++) {
      await chooseTimeout(1800);
      await ageSession(desk, lin.visitor, 1000);
      expect(await click(round % 2 ? desk.origin : other)).toBe(200);
      await ageSession(desk, lin.visitor, 1000);
      await chooseTimeout(900);
      const answers = await Promise.all([desk.origin, other, desk.origin, other].map(click));
      expect(answers).toEqual([303, 303, 303, 303]);
    }
  }, 60_000);

  it("show everybody their own key and nobody else's, when many look at once", async () => {
    const known: Known[] = [];
    for (let i = 0; i < 6; i++) known.push(await addPerson(desk, `owner${i}@example.com`));
    const ids = await Promise.all(
      known.map(async ({ visitor }, i) => {
        if (i === 0) return "You have no API key";
        const key = (await (await visitor.open("/profile")).press("Generate API Key")).value("API key");
        return key.slice(0, 10);
      }),
    );
    const looks = Array.from({ length: 120 }, async (_, i) => {
      const who = i % known.length;
      const cookie = known[who]?.visitor.cookieHeader() ?? "";
      const html = await (
        await fetch(`${i % 2 ? desk.origin : other}/profile`, { headers: { cookie } })
      ).text();
      return (
        ids.filter((id) => html.includes(id)).join() === ids[who] && html.includes(`owner${who}@example.com`)
      );
    });
    expect((await Promise.all(looks)).every((own) => own)).toBe(true);
  }, 60_000);

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
    for (let round = 0; round < 4; round++) {
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

  it("is counted at most a second early or late: soon after the last it is not written again", async () => {
    await ageSession(desk, ada.visitor, 100);
    await ada.visitor.open("/profile");
    const ahead = -(await idleFor(desk, ada.visitor));
    expect(ahead).toBeGreaterThan(0);
    expect(ahead).toBeLessThan(1);
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
