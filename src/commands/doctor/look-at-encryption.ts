import { isThisComputer, type Way } from "../../base/way";
import type { Config } from "../../platform/config";
import { wayToDatabase } from "../../platform/database";
import { wayToMail } from "../../platform/mailer";
import type { Finding } from "../command";
import { about } from "./finding";

/** Whether what goes to a database or a mail server on another computer can be read or changed on the way. */
export function lookAtEncryption({ databaseUrl, mail }: Config): Finding[] {
  return [...(databaseUrl ? toDatabase(databaseUrl) : []), ...(mail ? toMail(mail.smtpUrl) : [])];
}

function toDatabase(url: string): Finding[] {
  const { ok, note } = about("DATABASE_URL");
  const way = wayIfReadable(url);
  if (!way) return [];
  const { host, encrypted, checked } = way;
  if (isThisComputer(host)) return [];
  if (!encrypted)
    return [
      note(
        `connections to ${host} are not encrypted, so whoever is on the way can read and change what is in the database: ` +
          `unless that network is yours alone, add sslmode=verify-full (${OWN_AUTHORITY})`,
      ),
    ];
  if (checked) return [ok(`connections to ${host} are encrypted, and its certificate is checked`)];
  return [note(`${unchecked(host)}: write sslmode=verify-full (${OWN_AUTHORITY})`)];
}

// Where it names a file that cannot be read, the look at the database has said so.
function wayIfReadable(url: string): Way | undefined {
  try {
    return wayToDatabase(url);
  } catch {
    return undefined;
  }
}

function toMail(url: string): Finding[] {
  const { ok, note } = about("SMTP_URL");
  const { host, encrypted, checked } = wayToMail(url);
  if (isThisComputer(host)) return [];
  if (!encrypted)
    return [
      note(
        `mail to ${host} is encrypted only if TLS is offered there, and whoever is on the way can take that offer away and ` +
          "read letters with their links, and the password: write smtp://…?requireTLS=true, or smtps:// where TLS is spoken " +
          "from the start",
      ),
    ];
  if (checked) return [ok(`mail to ${host} is encrypted, and its certificate is checked`)];
  return [note(`${unchecked(host)}: take tls.rejectUnauthorized=false out of it`)];
}

const OWN_AUTHORITY = "and sslrootcert=FILE for a certificate of your own authority";

function unchecked(host: string): string {
  return `${host} is not asked for a good certificate, so somebody on the way can pass for it`;
}
