import { appSecretFile, findAppSecret } from "../platform/app-secret";
import type { Config } from "../platform/config";
import { openPepper, WrongAppSecret } from "../web/open-seal";
import type { About } from "./backup-contents";
import { CommandRefused } from "./command";

/**
 * The secret a backup needs: that of the environment, or of the data folder, or the backup's own, which the data folder
 * is then to `keep`. Throws CommandRefused when there is none, or another.
 */
export function secretForRestoring(
  { appSecret, databaseUrl, dataDir }: Config,
  about: About,
): { value: string; keep: boolean } {
  const file = appSecretFile(dataDir);
  const given = appSecret ?? (databaseUrl === undefined ? findAppSecret(dataDir) : undefined);
  const value = given ?? about.appSecret;
  if (about.sealedPepper === null) return { value: value ?? "", keep: false };
  if (value === undefined) {
    throw new CommandRefused(
      `The backup does not hold APP_SECRET. Set APP_SECRET to that of its installation, or put the file app-secret of its data folder at ${file}. Nothing was changed.`,
    );
  }
  if (opens(value, about.sealedPepper)) return { value, keep: given === undefined };
  throw new CommandRefused(
    `${otherSecret(appSecret === undefined ? file : undefined, databaseUrl, about)} Nothing was changed.`,
  );
}

function otherSecret(
  file: string | undefined,
  databaseUrl: string | undefined,
  { appSecret }: About,
): string {
  if (file !== undefined) {
    const mend =
      appSecret === undefined
        ? "Put that of the backup's installation in its place, or set APP_SECRET."
        : "Move it away: the backup brings its own.";
    return `The secret in ${file} is not the one this backup was made with. ${mend}`;
  }
  const says = "APP_SECRET is not the one this backup was made with. Set it to the one its installation had";
  if (appSecret === undefined) return `${says}.`;
  if (databaseUrl === undefined) return `${says}, or leave it out: the backup brings its own.`;
  return `${says}: restore --check --save-secret PATH writes it into a file, for APP_SECRET_FILE.`;
}

function opens(secret: string, sealedPepper: string): boolean {
  try {
    openPepper(secret, Buffer.from(sealedPepper, "base64"));
    return true;
  } catch (error) {
    if (!(error instanceof WrongAppSecret)) throw error;
    return false;
  }
}
