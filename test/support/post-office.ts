import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { SMTPServer } from "smtp-server";
import { type ReceivedMail, readMail } from "./read-mail";

/** How a mail server can be: each word is a way to fail. */
export type Mood =
  | "well"
  | "hangs at greeting"
  | "breaks off after DATA"
  | { takesMs: number }
  | { refusesRecipients: number; saying?: string };

const PATIENCE_MS = 10_000;

/** A real SMTP server on loopback that collects what it is sent, and can be down, rude or slow. */
export class PostOffice {
  mood: Mood = "well";
  /** Every mail received, in order; also those broken off after DATA, which it had read by then. */
  readonly mails: ReceivedMail[] = [];
  /** Connections opened so far. */
  connections = 0;
  #server: SMTPServer | undefined;
  #port = 0;
  readonly #taken = new Set<ReceivedMail>();

  static async open(): Promise<PostOffice> {
    const office = new PostOffice();
    await office.up();
    return office;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.#port}`;
  }

  /** The next mail to this address, about this if given, that was not handed out before; waits at most ten seconds. */
  async next(recipient: string, subject?: string): Promise<ReceivedMail> {
    for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(10)) {
      const mail = this.mails.find(
        (each) =>
          each.to === recipient &&
          (subject === undefined || each.subject === subject) &&
          !this.#taken.has(each),
      );
      if (!mail) continue;
      this.#taken.add(mail);
      return mail;
    }
    const had = this.mails.map(({ to, subject }) => `${to}: ${subject}`).join("; ");
    const about = subject === undefined ? "" : ` about "${subject}"`;
    throw new Error(`No mail to ${recipient}${about} arrived. There were: ${had || "none"}`);
  }

  /** Listens, again at the same port. */
  async up(): Promise<void> {
    const server = new SMTPServer({
      authOptional: true,
      hideSTARTTLS: true,
      closeTimeout: 1,
      logger: false,
      onConnect: (_session, done) => {
        this.connections++;
        if (this.mood !== "hangs at greeting") done();
      },
      onRcptTo: (_address, _session, done) => {
        if (typeof this.mood === "string" || "takesMs" in this.mood) return done();
        const { refusesRecipients: responseCode, saying = "Refused" } = this.mood;
        done(Object.assign(new Error(saying), { responseCode }));
      },
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          const [to] = session.envelope.rcptTo;
          this.mails.push(readMail(Buffer.concat(chunks).toString("latin1"), to?.address ?? ""));
          if (this.mood === "breaks off after DATA") this.#hangUp();
          else
            setTimeout(done, typeof this.mood === "object" && "takesMs" in this.mood ? this.mood.takesMs : 0);
        });
      },
    });
    server.on("error", () => {});
    server.listen(this.#port, "127.0.0.1");
    await once(server.server, "listening");
    this.#port = (server.server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Stops listening and hangs up on everybody. */
  async down(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = once(server.server, "close");
    server.close();
    for (const connection of server.connections) socketOf(connection).destroy();
    await closed;
  }

  close(): Promise<void> {
    return this.down();
  }

  #hangUp(): void {
    for (const connection of this.#server?.connections ?? []) socketOf(connection).destroy();
  }
}

function socketOf(connection: unknown): { destroy(): void } {
  return (connection as { _socket: { destroy(): void } })._socket;
}
