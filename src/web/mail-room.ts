import type { Queryable } from "../platform/database";
import type { Logger } from "../platform/log";
import { isRefusedForGood, type Mailer } from "../platform/mailer";
import type { Seal } from "../platform/seal";
import { claimDueMail, type DueMail, giveUpMail, markSent, openLetter, postponeMail } from "../records/mail";

const LOOK_EVERY_MS = 5_000;
const AT_ONCE = 5;
const STOP_WAITS_MS = 10_000;

/** The pauses between attempts, in seconds; the last one repeats. */
const PAUSES = [10, 60, 5 * 60, 30 * 60, 2 * 60 * 60, 6 * 60 * 60];

/**
 * Sends the letters that are queued, whichever replica wrote them, a few at once. It works beside the requests: no
 * page waits for it.
 */
export class MailRoom {
  /** False where letters go to the log because no mail server is configured. */
  readonly configured: boolean;
  readonly #underWay = new Set<Promise<void>>();
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly tools: { db: Queryable; log: Logger; seal: Seal; mailer: Mailer }) {
    this.configured = tools.mailer.configured;
  }

  /** Begins to look for letters every few seconds: those of other replicas, and those to try again. */
  start(): void {
    this.#timer = setInterval(() => this.wake(), LOOK_EVERY_MS).unref();
    this.wake();
  }

  /** Looks for letters now. Returns at once and never throws. */
  wake(): void {
    if (this.#stopped) return;
    this.#lookAgain = true;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      // Asked for between the last look and here.
      if (this.#lookAgain) this.wake();
    });
  }

  /** Takes up no more letters, and waits for those under way, at most ten seconds: what is left is not lost. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_WAITS_MS);
    });
    await Promise.race([this.#finish(), enough]);
    clearTimeout(timer);
  }

  async #finish(): Promise<void> {
    await this.#looking;
    await Promise.all(this.#underWay);
  }

  async #look(): Promise<void> {
    while (this.#lookAgain && !this.#stopped) {
      this.#lookAgain = false;
      const free = AT_ONCE - this.#underWay.size;
      // Each letter that is done looks again.
      if (free <= 0) return;
      try {
        for (const mail of await claimDueMail(this.tools.db, free)) this.#take(mail);
      } catch (error) {
        this.tools.log.warn({ err: error }, "Letters could not be looked for; trying again shortly");
      }
    }
  }

  #take(mail: DueMail): void {
    const work = this.#deliver(mail)
      .catch((error) => this.tools.log.warn({ err: error, mail: mail.id }, "A letter's row was not updated"))
      .finally(() => {
        this.#underWay.delete(work);
        this.wake();
      });
    this.#underWay.add(work);
  }

  async #deliver(mail: DueMail): Promise<void> {
    const { db, seal, mailer } = this.tools;
    try {
      await mailer.send({ ...mail, letter: openLetter(seal, mail.sealedLetter) });
    } catch (error) {
      return this.#failed(mail, error);
    }
    await markSent(db, mail.id);
  }

  async #failed(mail: DueMail, error: unknown): Promise<void> {
    const { db, log } = this.tools;
    const { id, recipient, attempts } = mail;
    const problem = describe(error);
    const told = { mail: id, recipient, attempts, problem };
    if (isRefusedForGood(error)) {
      await giveUpMail(db, mail, problem);
      log.error(told, "A letter was given up: the mail server refused its recipient");
      return;
    }
    const pause = PAUSES[attempts - 1] ?? PAUSES.at(-1) ?? 0;
    const answer = await postponeMail(db, mail, pause, problem);
    if (answer === "given-up") log.error(told, "A letter was given up: it could not be sent for three days");
    else log.warn(told, "A letter could not be sent; trying again later");
  }
}

// The words come from a mail server: Postgres cannot hold all of them.
function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/[^\x20-\x7e]+/g, " ").slice(0, 500);
}
