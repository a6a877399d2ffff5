import { setTimeout as sleep } from "node:timers/promises";
import { makeSeal } from "../src/platform/seal";
import { queueLetter } from "../src/records/mail";
import { openTestDatabase } from "./support/database";
import { PostOffice } from "./support/post-office";
import { runProgram } from "./support/program";

const APP_SECRET = "an operator's secret of more than thirty-two characters";
const LETTERS = 60;
const AT_ONCE = 5;

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let office: PostOffice;
let env: Record<string, string>;
beforeEach(async () => {
  database = await openTestDatabase();
  office = await PostOffice.open();
  env = { DATABASE_URL: database.url, APP_SECRET, SMTP_URL: office.url };
});
afterEach(async () => {
  await office.close();
  await database.close();
});

async function queue(count: number): Promise<void> {
  const seal = makeSeal(APP_SECRET);
  const letter = { subject: "Hello", paragraphs: ["There."] };
  for (let each = 0; each < count; each++)
    await queueLetter(database.db, seal, `${each}@example.com`, letter);
}

async function unsent(): Promise<number> {
  return (await database.db.query("select from mail where sent_at is null")).rowCount ?? 0;
}

describe("the program, killed with SIGKILL while letters are sent", () => {
  it("loses none, and sends again at most those that were under way, under the same Message-ID", async () => {
    office.mood = { takesMs: 20 };
    await queue(LETTERS);
    let kills = 0;
    while ((await unsent()) > 0) {
      const program = await runProgram(env);
      const had = office.mails.length;
      while (office.mails.length < had + 15 && (await unsent()) > 0) await sleep(1);
      if ((await unsent()) > 0) {
        await program.end("SIGKILL");
        kills++;
      } else expect(await program.end("SIGTERM")).toBe(0);
      // What the dead one had claimed comes up after three minutes.
      await database.db.query("update mail set next_attempt_at = now() where sent_at is null");
    }
    expect(kills).toBeGreaterThan(1);
    expect(new Set(office.mails.map(({ messageId }) => messageId)).size).toBe(LETTERS);
    expect(office.mails.length).toBeLessThanOrEqual(LETTERS + kills * AT_ONCE);
  });
});

describe("the program, told to stop", () => {
  it("while the mail server hangs, ends within 15 seconds, and the letter is still there", async () => {
    office.mood = "hangs at greeting";
    await queue(1);
    const program = await runProgram(env);
    while (office.connections === 0) await sleep(10);
    const began = Date.now();
    expect(await program.end("SIGTERM")).toBe(0);
    expect(Date.now() - began).toBeLessThan(15_000);
    expect(await unsent()).toBe(1);
    const { rows } = await database.db.query("select sealed_letter from mail");
    expect(rows[0]?.sealed_letter).not.toBeNull();
  });
});
