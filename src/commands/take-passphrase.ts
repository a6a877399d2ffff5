import { type Config, SHORTEST_PASSPHRASE } from "../platform/config";
import { askUnseen } from "./ask-unseen";
import { CommandRefused, type Terminal } from "./command";

const WITHOUT = "Set BACKUP_PASSPHRASE, or BACKUP_PASSPHRASE_FILE to the path of a file with it.";

/** What to encrypt a new backup with: from the environment, or typed twice; undefined for a backup that is readable. */
export async function takeNewPassphrase(
  { backupPassphrase }: Config,
  terminal: Terminal,
  mustBe: boolean,
): Promise<string | undefined> {
  if (backupPassphrase !== undefined) return backupPassphrase;
  const typed = terminal.stdin.isTTY
    ? await askUnseen(
        terminal,
        "passphrase",
        "Passphrase (nothing typed: the backup is not encrypted): ",
        true,
      )
    : "";
  if (typed === "" && mustBe) throw new CommandRefused(`There is no passphrase to encrypt with. ${WITHOUT}`);
  if (typed !== "" && typed.length < SHORTEST_PASSPHRASE)
    throw new CommandRefused(`The passphrase is shorter than ${SHORTEST_PASSPHRASE} characters.`);
  return typed === "" ? undefined : typed;
}

/** The passphrase of an encrypted backup: from the environment, or typed. */
export async function takePassphrase({ backupPassphrase }: Config, terminal: Terminal): Promise<string> {
  if (backupPassphrase !== undefined) return backupPassphrase;
  if (!terminal.stdin.isTTY) throw new CommandRefused(`The backup is encrypted. ${WITHOUT}`);
  return askUnseen(terminal, "passphrase", "Passphrase of the backup: ", false);
}
