import type { Config } from "../platform/config";
import { openPool } from "../platform/database";
import { openMailer } from "../platform/mailer";
import { findPendingMigrations } from "../platform/migrations";
import { readServer } from "../records/server";
import { type Answer, type Command, type Finding, sentenceOf } from "./command";
import { lookAtSecret } from "./look-at-secret";
import { MIGRATIONS, openDatabase, quietLog } from "./open-installation";

const MOST_SKEW_MS = 2_000;

/** `doctor`: looks at everything that has to be right, and says what to do about what is not. Prints no secrets. */
export const doctor: Command = {
  usage: "doctor",
  help: "Looks at configuration, database, secret and clocks, and says what to do about what is wrong.",
  options: {},
  positionals: 0,
  async run({ config }) {
    const findings: Finding[] = [{ about: "Configuration", state: "ok", says: "can be read" }];
    await look(findings, "Database", () => lookAtDatabase(config, findings));
    findings.push(aboutBaseUrl(config));
    if (config.mail) await look(findings, "Mail", () => greetMailServer(config));
    else findings.push(NO_MAIL);
    return answerOf(findings);
  },
};

/** What the doctor says, a line each. */
export function answerOf(findings: Finding[]): Answer {
  const lines = findings.map(({ about, state, says }) => `${state.padEnd(8)} ${about}: ${says}`);
  return { ok: findings.every(({ state }) => state !== "problem"), lines, json: { findings } };
}

async function lookAtDatabase(config: Config, findings: Finding[]): Promise<string> {
  const { url, close } = await openDatabase(config, false);
  const db = openPool(url, () => {});
  try {
    const asked = Date.now();
    const server = await readServer(db);
    const skew = server.at.getTime() - (asked + Date.now()) / 2;
    const pending = await findPendingMigrations(url, MIGRATIONS);
    findings.push(aboutMigrations(pending));
    if (pending.length === 0) findings.push(...(await lookAtSecret(db, config)));
    findings.push(aboutClock(skew));
    return `reachable, Postgres ${server.version}`;
  } finally {
    await db.end();
    await close();
  }
}

async function look(findings: Finding[], about: string, work: () => Promise<string>): Promise<void> {
  try {
    findings.push({ about, state: "ok", says: await work() });
  } catch (error) {
    findings.push({ about, state: "problem", says: sentenceOf(error) });
  }
}

function aboutMigrations(pending: string[]): Finding {
  const about = "Migrations";
  if (pending.length === 0) return { about, state: "ok", says: "up to date" };
  const says = `${pending.join(", ")} missing: run the command migrate, or start the program`;
  return { about, state: "problem", says };
}

function aboutClock(skew: number): Finding {
  const seconds = (Math.abs(skew) / 1000).toFixed(1);
  if (Math.abs(skew) <= MOST_SKEW_MS)
    return { about: "Clock", state: "ok", says: `${seconds} s from the database's` };
  const says = `${seconds} s ${skew > 0 ? "behind" : "ahead of"} the database's: set the clocks by NTP, or one-time codes are refused`;
  return { about: "Clock", state: "problem", says };
}

function aboutBaseUrl({ baseUrl }: Config): Finding {
  const about = "BASE_URL";
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(baseUrl.hostname);
  if (baseUrl.protocol === "https:") return { about, state: "ok", says: baseUrl.origin };
  if (local) {
    const says = `${baseUrl.origin} only works on this computer: set BASE_URL to the address people use`;
    return { about, state: "note", says };
  }
  const says = `${baseUrl.origin} is not encrypted, so passwords can be read on the way: put a proxy with HTTPS in front`;
  return { about, state: "problem", says };
}

const NO_MAIL: Finding = {
  about: "Mail",
  state: "note",
  says: "SMTP_URL is not set, so letters go to the program's log",
};

async function greetMailServer({ mail, baseUrl }: Config): Promise<string> {
  await openMailer(mail, baseUrl, quietLog())
    .greet()
    .catch((error: Error) => {
      throw new Error(`the mail server of SMTP_URL does not answer as it should: ${error.message}`);
    });
  return `the mail server answers; letters are from ${mail?.from}`;
}
