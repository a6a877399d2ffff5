import { randomBytes } from "node:crypto";
import { listSecrets, problemOfSecrets } from "../platform/app-secret";
import type { Queryable } from "../platform/database";
import { makeSeal, type Seal } from "../platform/seal";
import {
  findInstallation,
  type Installation,
  keepFirstPepper,
  PEPPER_PURPOSE,
} from "../records/installation";

/** APP_SECRET is not the one the database was made with, or no list of secrets: a sentence for the operator. */
export class WrongAppSecret extends Error {}

/** The values of APP_SECRET, proved by the pepper, which they open. */
type Opened = { values: string[]; seal: Seal; pepper: Buffer; installation: Installation };

/**
 * Opens the pepper, which is made by the first start on an empty installation. Throws WrongAppSecret, in whose sentence
 * the secret is called `name`: rather no service than people without their second factor.
 */
export async function openSeal(db: Queryable, appSecret: string, name = "APP_SECRET"): Promise<Opened> {
  const values = listSecrets(appSecret);
  const problem = problemOfSecrets(values);
  let installation = await findInstallation(db);
  if (installation.sealedPepper === null && problem === undefined) {
    refuseWithoutPepper(installation);
    await keepFirstPepper(db, sealOf(values).close(randomBytes(32), PEPPER_PURPOSE));
    installation = await findInstallation(db);
  }
  return { ...openPepper(appSecret, installation.sealedPepper, name), installation };
}

/** The values of a secret and the pepper that one of them opens. Throws WrongAppSecret. */
export function openPepper(
  appSecret: string,
  sealedPepper: Buffer | null,
  name = "APP_SECRET",
): Omit<Opened, "installation"> {
  const values = listSecrets(appSecret);
  const problem = problemOfSecrets(values);
  // The second is a secret from before there were lists that holds a comma or a line break itself.
  const readings = problem === undefined ? [values, [appSecret]] : [[appSecret]];
  for (const reading of readings) {
    const seal = sealOf(reading);
    const opened = seal.tryOpen(sealedPepper ?? Buffer.of(), PEPPER_PURPOSE);
    if (opened) return { values: reading, seal, pepper: opened.plain };
  }
  throw new WrongAppSecret(
    problem
      ? `${name} ${problem}, and as one value it opens nothing here. ${LIST}`
      : wrong(name, values.length),
  );
}

const LIST =
  "Each value has 32 characters or more and stands there once; a new secret is best made without commas and line breaks.";

function wrong(name: string, values: number): string {
  const [what, set] =
    values === 1
      ? [`${name} is not the one this database was made with`, "Set it to the value it had before"]
      : [
          `None of the ${values} values in ${name} is one this database was sealed with`,
          "Add the value it had",
        ];
  return (
    `${what}, so nobody's second factor could be checked. ${set}; to change it, list the new value first and the old ` +
    "one after it, with a comma in between, and run the command keys rotate-encryption."
  );
}

function refuseWithoutPepper({ setUp }: Installation): void {
  if (!setUp) return;
  throw new WrongAppSecret(
    "This installation is set up, but the value that proves APP_SECRET and keys its passwords is missing from the " +
      "table installation (sealed_pepper). Restore the database from a backup.",
  );
}

function sealOf([first = "", ...older]: string[]): Seal {
  return makeSeal(first, ...older);
}
