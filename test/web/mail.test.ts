import { setTimeout as sleep } from "node:timers/promises";
import { type Queryable, transaction } from "../../src/platform/database";
import { openMailer } from "../../src/platform/mailer";
import { CLAIM_SECONDS, claimDueMail, forgetOldMail, openLetter, queueLetter } from "../../src/records/mail";
import { openTestDesk, type TestDesk } from "../support/desk";
import { setUp } from "../support/people";
import { PostOffice } from "../support/post-office";

let desk: TestDesk;
let office: PostOffice;
beforeEach(async () => {
  office = await PostOffice.open();
  desk = await openTestDesk({ smtpUrl: office.url });
});
afterEach(async () => {
  await office.close();
  await desk.close();
});

const ADA = "ada@example.com";
const LETTER = {
  subject: "Grüße & <more>",
  paragraphs: ["First, with an é and <b>bold</b>.", `Second, ${"long ".repeat(40)}end.`],
  link: { label: "Open it", url: `https://desk.example/invitation?token=${"a".repeat(100)}&b=1` },
};

const queue = (recipient: string, letter: { subject: string; paragraphs: string[] } = LETTER) =>
  transaction(desk.db, (tx) => queueLetter(tx, desk.desk.seal, recipient, letter));

type Row = {
  id: string;
  attempts: number;
  sent: boolean;
  givenUp: boolean;
  dropped: boolean;
  error: string | null;
  pause: number;
};

async function rows(): Promise<Row[]> {
  const answer = await desk.db.query<Row>(
    `select id, attempts, sent_at is not null as sent, given_up_at is not null as "givenUp",
            sealed_letter is null as dropped, last_error as error,
            extract(epoch from next_attempt_at - now())::float as pause from mail order by created_at, id`,
  );
  return answer.rows;
}

/** Waits until every row is as described. */
async function until(fits: (row: Row) => boolean, patienceMs = 15_000): Promise<Row[]> {
  for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(10)) {
    const found = await rows();
    if (found.length > 0 && found.every(fits)) return found;
  }
  throw new Error(`It did not come to that: ${JSON.stringify(await rows())}`);
}

/** Moves on to when the next attempt is due. */
async function wakeLater(): Promise<void> {
  await desk.db.query("update mail set next_attempt_at = now()");
  desk.desk.mail.wake();
}

/** Not claimed: a claim moves the next attempt three minutes on. */
const isSettled = (row: Row) => Math.abs(row.pause - CLAIM_SECONDS) > 5;
const failedOnce = (row: Row) => row.error !== null;
const countOf = (line: string) => desk.log.filter((each) => each.includes(line)).length;

describe("letters to one person", () => {
  /** In how many seconds each is due that waits, as they were queued. */
  const dueIn = async (tx: Queryable) => {
    const { rows } = await tx.query<{ seconds: number }>(
      `select extract(epoch from next_attempt_at - now())::int as seconds from mail where sent_at is null
        order by recipient desc, next_attempt_at`,
    );
    return rows.map(({ seconds }) => seconds);
  };
  const queueMany = async (tx: Queryable, recipient: string, letters: number) => {
    for (let i = 0; i < letters; i++) await queueLetter(tx, desk.desk.seal, recipient, LETTER);
  };
  const AT_ONCE = Array.from({ length: 20 }, () => 0);

  it("hold up nobody else's: past twenty that wait, each is due three seconds later", async () => {
    await transaction(desk.db, async (tx) => {
      await queueMany(tx, "busy@example.com", 24);
      await queueMany(tx, ADA, 1);
      expect(await dueIn(tx)).toEqual([...AT_ONCE, 3, 6, 9, 12, 0]);
    });
    desk.desk.mail.wake();
    expect((await office.next(ADA)).subject).toBe(LETTER.subject);
  });

  it("count while they wait: once they are sent, the next is due at once", async () => {
    await transaction(desk.db, async (tx) => {
      await queueMany(tx, "busy@example.com", 24);
      await tx.query("update mail set sent_at = now(), sealed_letter = null");
      await queueMany(tx, "busy@example.com", 1);
      expect(await dueIn(tx)).toEqual([0]);
    });
  });
});

describe("a queued letter", () => {
  it("arrives as text and as HTML, from and to the right addresses, and its words are dropped", async () => {
    await queue(ADA);
    desk.desk.mail.wake();
    const mail = await office.next(ADA);
    const [row] = await until(({ sent }) => sent);
    expect(row).toMatchObject({ attempts: 1, dropped: true, error: null });
    expect(mail.subject).toBe(LETTER.subject);
    expect(mail.headers).toMatchObject({
      from: '"Latchkey, your desk" <latchkey@desk.example>',
      to: ADA,
      "auto-submitted": "auto-generated",
      "message-id": `<${row?.id}@[127.0.0.1]>`,
    });
    expect(mail.links).toEqual([LETTER.link.url]);
    for (const paragraph of LETTER.paragraphs) expect(mail.text).toContain(`${paragraph}\n`);
    expect(mail.text).toContain(`Latchkey at ${desk.origin}`);
    expect(mail.html).toContain("&lt;b&gt;bold&lt;/b&gt;");
    expect(mail.html).toContain(`href="${LETTER.link.url.replace("&", "&amp;")}"`);
    expect(mail.html).toContain('content="light dark"');
    expect(mail.html).not.toMatch(/<img|src=|url\(|@import|<link/);
  });

  it("cannot bring headers of its own", async () => {
    await queue(ADA, { subject: "Hello\r\nBcc: eve@example.com\r\n\r\nEve", paragraphs: ["One."] });
    desk.desk.mail.wake();
    const mail = await office.next(ADA);
    expect(mail.headers.bcc).toBeUndefined();
    expect(mail.text).toBe(`One.\n\n-- \nLatchkey at ${desk.origin}\n`);
    expect(office.mails).toHaveLength(1);
  });

  it("is not sent before its change has committed, and never when that is rolled back", async () => {
    const { seal, mail } = desk.desk;
    await transaction(desk.db, async (tx) => {
      await queueLetter(tx, seal, ADA, LETTER);
      mail.wake();
      await sleep(200);
      expect(office.mails).toEqual([]);
      throw new Error("no");
    }).catch(() => {});
    await queue("grace@example.com");
    mail.wake();
    await office.next("grace@example.com");
    await sleep(200);
    expect(office.mails).toHaveLength(1);
  });

  it("is found by a replica that was not told of it", async () => {
    desk.desk.mail.start();
    await queue(ADA);
    await office.next(ADA);
  });

  it("goes to the log, and counts as sent, where no mail server is configured", async () => {
    const without = await openTestDesk();
    expect([desk.desk.mail.configured, without.desk.mail.configured]).toEqual([true, false]);
    await transaction(without.db, (tx) => queueLetter(tx, without.desk.seal, ADA, LETTER));
    without.desk.mail.wake();
    await without.desk.mail.stop();
    const { rows: found } = await without.db.query("select sent_at, sealed_letter from mail");
    expect(found).toEqual([{ sent_at: expect.any(Date), sealed_letter: null }]);
    const line = without.log.find((each) => each.includes("No mail server is configured")) ?? "{}";
    expect(JSON.parse(line)).toMatchObject({ level: 30, recipient: ADA, subject: LETTER.subject });
    expect(JSON.parse(line).text).toContain(LETTER.link.url);
    await without.close();
  });

  it("is forgotten 30 days after it was sent, and not before", async () => {
    await queue(ADA);
    await queue(ADA);
    await queue(ADA);
    await desk.db.query("update mail set sent_at = now() - interval '29 days' where true");
    await desk.db.query("update mail set sent_at = null where id = (select min(id::text)::uuid from mail)");
    await desk.db.query(
      "update mail set sent_at = now() - interval '31 days' where id = (select max(id::text)::uuid from mail)",
    );
    expect(await forgetOldMail(desk.db)).toBe(1);
    expect(await rows()).toHaveLength(2);
  });
});

describe("a mail server", () => {
  it("that is down for a while loses no letter, and sends none twice", async () => {
    await office.down();
    for (const name of ["a", "b", "c", "d", "e", "f", "g", "h"]) await queue(`${name}@example.com`);
    desk.desk.mail.wake();
    const failed = await until(failedOnce);
    expect(failed.every((row) => !row.sent && !row.dropped && row.attempts === 1)).toBe(true);
    await office.up();
    await wakeLater();
    await until(({ sent }) => sent);
    expect(
      office.mails
        .map(({ to }) => to[0])
        .sort()
        .join(""),
    ).toBe("abcdefgh");
  });

  it("that refuses for now is tried again after growing pauses", async () => {
    office.mood = { refusesRecipients: 450 };
    await queue(ADA);
    const pauses: number[] = [];
    for (let attempt = 1; attempt <= 7; attempt++) {
      await wakeLater();
      const [row] = await until((each) => each.attempts === attempt && isSettled(each));
      pauses.push(Math.round(row?.pause ?? 0));
    }
    const expected = [10, 60, 300, 1800, 7200, 21_600, 21_600];
    for (const [at, pause] of pauses.entries()) expect(Math.abs(pause - (expected[at] ?? 0))).toBeLessThan(5);
    office.mood = "well";
    await wakeLater();
    await office.next(ADA);
    expect(countOf("trying again later")).toBe(7);
  });

  it("that fails for three days makes a letter be given up, which the log and the row say", async () => {
    office.mood = { refusesRecipients: 450, saying: "Come back later" };
    await queue(ADA);
    await desk.db.query(
      "update mail set created_at = now() - interval '3 days' + interval '1 hour', attempts = 9",
    );
    desk.desk.mail.wake();
    const [last] = await until((row) => failedOnce(row) && isSettled(row));
    expect(last?.pause).toBeGreaterThan(3500);
    expect(last?.pause).toBeLessThan(3601);
    await desk.db.query("update mail set created_at = now() - interval '3 days'");
    await wakeLater();
    const [row] = await until(({ givenUp }) => givenUp);
    expect(row).toMatchObject({
      sent: false,
      dropped: true,
      error: expect.stringContaining("Come back later"),
    });
    const line = desk.log.find((each) => each.includes("for three days")) ?? "{}";
    expect(JSON.parse(line)).toMatchObject({ level: 50, recipient: ADA });
    await wakeLater();
    await sleep(200);
    expect((await rows())[0]?.attempts).toBe(11);
  });

  it.each([
    [550, "5.1.1 No such user"],
    [501, "5.1.3 Bad recipient address syntax: no such user"],
    [501, "Malformed address, or no such user"],
    [553, "Mailbox name not allowed: no such user"],
  ])(
    "that refuses the recipient for good, as with %i %s, makes the letter be given up at once",
    async (code, saying) => {
      office.mood = { refusesRecipients: code, saying };
      await queue(ADA);
      desk.desk.mail.wake();
      const [row] = await until(({ givenUp }) => givenUp);
      expect(row).toMatchObject({
        attempts: 1,
        dropped: true,
        error: expect.stringMatching(/no such user/i),
      });
      expect(countOf("refused its recipient")).toBe(1);
    },
  );

  it.each([
    [554, "5.7.1 Relay access denied"],
    [550, "relay not permitted"],
    [501, "5.1.7 Bad address of whom it is from"],
    [550, "5.1.8 Domain not found"],
    [550, "Sender verify failed"],
    [550, "Authentication is required"],
    [503, "Polite people say hello first"],
  ])("that refuses us, as with %i %s, is tried again: the operator can mend that", async (code, saying) => {
    office.mood = { refusesRecipients: code, saying };
    await queue(ADA);
    desk.desk.mail.wake();
    const [row] = await until(failedOnce);
    expect(row).toMatchObject({ givenUp: false, dropped: false });
    office.mood = "well";
    await wakeLater();
    await office.next(ADA);
  });

  it("that dies after DATA without an answer is sent the letter again, under the same Message-ID", async () => {
    office.mood = "breaks off after DATA";
    await queue(ADA);
    desk.desk.mail.wake();
    await until(failedOnce);
    office.mood = "well";
    await wakeLater();
    await until(({ sent }) => sent);
    const [first, second, third] = office.mails;
    expect(third).toBeUndefined();
    expect(second?.messageId).toBe(first?.messageId);
    expect({ ...second?.headers, "content-type": "" }).toEqual({ ...first?.headers, "content-type": "" });
    expect(second?.text).toBe(first?.text);
  });

  it("that hangs slows no page down and holds nothing in the database; the letters follow later", async () => {
    const { visitor } = await setUp(desk);
    const changeKeys = async () => {
      const took: number[] = [];
      for (let round = 0; round < 20; round++) {
        await visitor.open("/profile");
        if (visitor.hasButton("Generate API Key")) await visitor.press("Generate API Key");
        await visitor.open("/profile/api-key/regenerate");
        const began = performance.now();
        await visitor.press("Regenerate API Key");
        took.push(performance.now() - began);
        expect(visitor.status).toBe(200);
      }
      return took.sort((a, b) => a - b)[10] ?? 0;
    };
    const healthy = await changeKeys();
    await until(({ sent }) => sent);
    office.mood = "hangs at greeting";
    const before = office.connections;
    const hanging = await changeKeys();
    expect(office.connections).toBeGreaterThan(before);
    expect(hanging).toBeLessThan(healthy * 3 + 20);
    const { rows: held } = await desk.db.query(
      "select from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'",
    );
    expect(held).toEqual([]);
    // The five under way run into the time limit of ten seconds, and so does the rest, five at a time.
    await desk.db.query("delete from mail where sent_at is null and attempts = 0");
    await until((row) => row.sent || failedOnce(row), 20_000);
    office.mood = "well";
    await wakeLater();
    await until(({ sent }) => sent);
    expect(new Set(office.mails.map(({ messageId }) => messageId)).size).toBe(office.mails.length);
  }, 60_000);
});

describe("replicas", () => {
  it("share one queue: of 50 letters each is sent exactly once", async () => {
    const other = await desk.replica();
    for (let count = 0; count < 50; count++) await queue(`${count}@example.com`);
    for (let count = 0; count < 50; count++) {
      desk.desk.mail.wake();
      other.desk.mail.wake();
      await sleep(2);
    }
    const sent = await until((row) => row.sent);
    expect(sent.every(({ attempts }) => attempts === 1)).toBe(true);
    expect(new Set(office.mails.map(({ to }) => to)).size).toBe(50);
    expect(office.mails).toHaveLength(50);
  });

  it("leave a claimed letter alone, and send one again whose replica died before it could say so", async () => {
    await queue(ADA);
    const [claimed] = await claimDueMail(desk.db, 5);
    if (!claimed) throw new Error("Nothing was claimed");
    const settings = { smtpUrl: office.url, from: "Latchkey <latchkey@desk.example>" };
    const letter = openLetter(desk.desk.seal, claimed.sealedLetter);
    await openMailer(settings, desk.desk.baseUrl, desk.desk.log).send({ ...claimed, letter });
    desk.desk.mail.wake();
    await sleep(200);
    expect(office.mails).toHaveLength(1);
    expect((await rows())[0]?.pause).toBeGreaterThan(100);
    await wakeLater();
    await until(({ sent }) => sent);
    expect(office.mails).toHaveLength(2);
    expect(office.mails[1]?.messageId).toBe(office.mails[0]?.messageId);
  });

  it("that stop finish the letter under way, and take up no other", async () => {
    office.mood = { takesMs: 500 };
    await queue(ADA);
    desk.desk.mail.wake();
    await office.next(ADA);
    await desk.desk.mail.stop();
    expect((await rows())[0]?.sent).toBe(true);
    await queue(ADA);
    desk.desk.mail.wake();
    await sleep(200);
    expect(office.mails).toHaveLength(1);
  });
});
