import { createTransport } from "nodemailer";
import type { Options } from "nodemailer/lib/smtp-transport";
import { dressLetter, type Letter } from "../base/letter";
import { mailHost } from "../base/mail-host";
import type { Way } from "../base/way";

/** Where mail is handed in, and whom it is from. */
export type MailSettings = { smtpUrl: string; from: string };

/** A letter on its way to one recipient; `id` makes its Message-ID, so a letter sent twice is shown once. */
export type Outgoing = { id: string; recipient: string; letter: Letter; createdAt: Date };

/** Hands letters in. `send` throws when the letter was not, or perhaps not, taken. */
export type Mailer = {
  configured: boolean;
  send(mail: Outgoing): Promise<void>;
  /** Connects, signs in where SMTP_URL says so, and hangs up; throws when that does not work. */
  greet(): Promise<void>;
};

const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 };

/** The longest one letter may take, whatever the server does, in milliseconds. */
export const LONGEST_SEND_MS = 100_000;

type Log = { info(fields: object, message: string): void };

/** The mailer of this installation: SMTP, or the log where no server is configured. */
export function openMailer(settings: MailSettings | undefined, baseUrl: URL, log: Log): Mailer {
  return settings ? smtpMailer(settings, baseUrl) : logMailer(baseUrl, log);
}

/** How letters are handed in at this address. With smtp: TLS is taken where it is offered, unless `requireTLS` insists. */
export function wayToMail(smtpUrl: string): Way {
  const { host = "", secure, requireTLS, tls } = createTransport({ url: smtpUrl }).options as Options;
  const encrypted = secure === true || Boolean(requireTLS);
  return { host, encrypted, checked: tls?.rejectUnauthorized !== false };
}

/** True for a refusal of the recipient that trying again cannot mend. */
export function isRefusedForGood(error: unknown): boolean {
  const { command, responseCode, response } = error as Record<string, unknown>;
  if (command !== "RCPT TO" || typeof responseCode !== "number") return false;
  if (responseCode !== 501 && responseCode < 550) return false;
  // 5.7.x is about who may send, 5.1.7 and 5.1.8 about the sender's address (RFC 3463); servers that give no such code
  // say it in words. Those the operator can mend.
  return !/^5\d\d[ -]5\.(7\.|1\.[78]\b)|relay|sender|authenticat/i.test(String(response));
}

function smtpMailer({ smtpUrl, from }: MailSettings, baseUrl: URL): Mailer {
  const transport = createTransport({
    url: smtpUrl,
    ...TIMEOUTS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const sender = readSender(from);
  return {
    configured: true,
    async send({ id, recipient, letter, createdAt }) {
      const sending = transport.sendMail({
        from: sender,
        to: { name: "", address: recipient },
        subject: letter.subject,
        ...dressLetter(letter, baseUrl),
        textEncoding: "quoted-printable",
        messageId: `<${id}@${mailHost(baseUrl)}>`,
        date: createdAt,
        headers: { "Auto-Submitted": "auto-generated" },
      });
      await atMost(LONGEST_SEND_MS, sending);
    },
    async greet() {
      await transport.verify();
    },
  };
}

// In two parts, because a comma in the name would otherwise begin a second address.
function readSender(from: string): { name: string; address: string } {
  const [, name = "", address = from] = /^(.*)<([^<>]+)>$/.exec(from) ?? [];
  return { name: name.trim().replace(/^"(.*)"$/, "$1"), address };
}

function logMailer(baseUrl: URL, log: Log): Mailer {
  return {
    configured: false,
    async greet() {},
    async send({ recipient, letter }) {
      const { text } = dressLetter(letter, baseUrl);
      log.info(
        { recipient, subject: letter.subject, text },
        "No mail server is configured: this letter goes to the log",
      );
    },
  };
}

async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("The mail server took too long")), milliseconds);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
