import { findAppSecret, listSecrets } from "../../platform/app-secret";
import type { Config } from "../../platform/config";
import { openMailer } from "../../platform/mailer";
import { type Introduction, openIntroduction } from "../../web/introduction";
import type { Answer, Command, Finding } from "../command";
import { quietLog } from "../open-installation";
import { about } from "./finding";
import { lookAtDataFolder } from "./look-at-data-folder";
import { lookAtDatabase } from "./look-at-database";
import { lookAtEncryption } from "./look-at-encryption";
import { lookAtMetricsPort, lookAtPort } from "./look-at-port";
import { lookAtBehindProxy, lookAtReach } from "./look-at-reach";

/** `doctor`: looks at everything that has to be right, and says what to do about what is not. Prints no secrets. */
export const doctor: Command = {
  usage: "doctor",
  brief: "looks at everything that has to be right, and says what to do about what is not",
  help:
    "Looks at configuration, data folder, database, secret, clock, port, mail server, at whether what goes to other computers\n" +
    "is encrypted, and at how people get here (BASE_URL and proxy, while the program runs), and says what to do about what is\n" +
    "wrong. Changes nothing.",
  options: {},
  positionals: 0,
  async run({ config }) {
    const findings: Finding[] = [about("Configuration").ok("can be read")];
    const folder =
      config.databaseUrl === undefined ? lookAtDataFolder(config.dataDir) : { findings: [], shut: false };
    findings.push(...folder.findings);
    if (folder.shut) return answerOf(findings);
    const database = await lookAtDatabase(config);
    findings.push(...database.findings);
    const introductions = findIntroductions(config);
    findings.push(await lookAtPort(config, introductions));
    if (config.metricsPort !== undefined)
      findings.push(await lookAtMetricsPort(config.metricsPort, config.host));
    findings.push(...aboutBaseUrl(config), ...lookAtBehindProxy(config));
    findings.push(...(await lookAtReach(config, introductions, database.running)));
    findings.push(await lookAtMail(config), ...lookAtEncryption(config));
    return answerOf(findings);
  },
};

/** What the doctor says, a line each. */
export function answerOf(findings: Finding[]): Answer {
  const lines = findings.map(({ about: what, state, says }) => `${state.padEnd(8)} ${what}: ${says}`);
  return { ok: findings.every(({ state }) => state !== "problem"), lines, json: { findings } };
}

// Without a secret there is no program to ask, and "Secret" has said so.
function findIntroductions({ appSecret, dataDir }: Config): Introduction[] {
  const secret = appSecret ?? findAppSecret(dataDir);
  return secret === undefined ? [] : listSecrets(secret).map((value) => openIntroduction([value]));
}

function aboutBaseUrl({ baseUrl }: Config): Finding[] {
  const { note, problem } = about("BASE_URL");
  if (baseUrl.protocol === "https:") return [];
  if (["localhost", "127.0.0.1", "[::1]"].includes(baseUrl.hostname))
    return [note(`${baseUrl.origin} only works on this computer: set BASE_URL to the address people use`)];
  return [
    problem(
      `${baseUrl.origin} is not encrypted, so passwords can be read on the way: put a proxy with HTTPS in front`,
    ),
  ];
}

async function lookAtMail({ mail, baseUrl }: Config): Promise<Finding> {
  const { ok, note, problem } = about("Mail");
  if (!mail)
    return note(
      "SMTP_URL is not set, so letters go to the program's log: set it to your mail server, smtp://user:password@host:587",
    );
  try {
    await openMailer(mail, baseUrl, quietLog()).greet();
    return ok(`the mail server answers; letters are from ${mail.from}`);
  } catch (error) {
    const { message } = error as Error;
    return problem(
      `the mail server of SMTP_URL does not answer as it should: ${message}. ${mendOf(message)}`,
    );
  }
}

function mendOf(message: string): string {
  if (/STARTTLS/.test(message))
    return "It does not speak TLS there: mend its port, or use smtps:// where TLS is spoken from the start (usually port 465)";
  if (/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|timeout/i.test(message)) return "Mend its host and port, or start it";
  if (/auth|535|credentials/i.test(message)) return "Mend the user and password in it";
  if (/certificate|altname/i.test(message))
    return "Give it a certificate that is good for its name, or name your own authority's file in NODE_EXTRA_CA_CERTS";
  if (/TLS|SSL|wrong version/i.test(message))
    return "Use smtps:// where TLS is spoken from the start (usually port 465), smtp:// elsewhere";
  return "Mend SMTP_URL, or ask whoever runs the mail server";
}
