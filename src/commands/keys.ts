import { COMMAND_LINE } from "../base/actor";
import { type Rotation, rotateEncryption } from "../features/encryption/rotate-encryption";
import { appSecretFile, putNewSecretFirst } from "../platform/app-secret";
import type { Config } from "../platform/config";
import { transaction } from "../platform/database";
import { lockInstallation } from "../records/installation";
import type { Desk } from "../web/desk";
import { type Answer, type Command, CommandRefused } from "./command";
import { countOf, sealedValues, sealers, tellUnopenable } from "./count-sealed";
import { nameOfSecret, openDeskOn, quietLog, withDatabase } from "./open-installation";

/** `keys rotate-encryption`: seals everything anew under the first value of APP_SECRET. */
export const keysRotateEncryption: Command = {
  usage: "keys rotate-encryption [--new]",
  brief: "seals everything anew under the first value of APP_SECRET",
  help:
    "Seals everything that an older value of APP_SECRET has sealed anew under the first one, while the program runs, and\n" +
    "says when nothing needs the older ones any more. Stopped half-way it goes on when it is run again. With --new it\n" +
    "first puts a new secret before the one in the data folder; where the program runs, restart it then, and run this\n" +
    "again without --new.",
  options: { new: { type: "boolean" } },
  positionals: 0,
  run({ config, flags }) {
    return withDatabase(config, false, async (db) => {
      const desk = await openDeskOn(db, config, quietLog());
      if (!flags.has("new")) return answerOf(await rotate(desk), desk, config);
      await addSecret(desk, config);
      const renewed = await openDeskOn(db, config, quietLog());
      const rotation = await rotate(renewed);
      if (rotation.otherSealers === 0) return answerOf(rotation, renewed, config);
      const lines = [
        `A new secret stands first in ${appSecretFile(config.dataDir)}. Restart Latchkey, so that it reads it, and then run`,
        "keys rotate-encryption to seal everything under it.",
      ];
      return { ok: true, lines, json: { ...rotation, restart: true } };
    });
  },
};

function rotate({ db, seal, secrets }: Desk): Promise<Rotation> {
  return rotateEncryption(db, seal, COMMAND_LINE, secrets);
}

async function addSecret({ db }: Desk, config: Config): Promise<void> {
  if (config.appSecret !== undefined) {
    throw new CommandRefused(
      "--new is for the secret in the data folder, and APP_SECRET is set. Put a new value before it there instead, with a comma in between.",
    );
  }
  const done = await transaction(db, async (tx) => {
    await lockInstallation(tx);
    return putNewSecretFirst(config.dataDir);
  });
  if (done === "listed") {
    throw new CommandRefused(
      `${appSecretFile(config.dataDir)} lists several secrets already. Run keys rotate-encryption without --new, remove all but the first line, and then ask for a new one.`,
    );
  }
}

function answerOf(rotation: Rotation, { secrets }: Desk, config: Config): Answer {
  const { resealed, left, otherSealers, unopenable } = rotation;
  const lines = [`Sealed anew under the first secret: ${inWords(resealed)}.`];
  if (otherSealers > 0) {
    lines.push(
      `${sealers(otherSealers)} with another secret than the first one here. Start every program with the same first value, and run this again; one that was killed counts for half a minute.`,
    );
  }
  if (left > 0) lines.push(`${sealedValues(left)} under an older secret still: keep it, and run this again.`);
  lines.push(...unopenable.map(tellUnopenable));
  if (left === 0 && otherSealers === 0) lines.push(conclusion(secrets, config));
  const ok = left === 0 && otherSealers === 0 && unopenable.length === 0;
  return { ok, lines, json: rotation };
}

function conclusion(secrets: number, config: Config): string {
  if (secrets === 1)
    return `${nameOfSecret(config)} holds one secret, and everything that opens is sealed under it.`;
  return (
    `Nothing is sealed under the older ${secrets === 2 ? "secret" : "secrets"} any more: leave only the first in ` +
    `${config.appSecret === undefined ? appSecretFile(config.dataDir) : "APP_SECRET"} and restart. Browsers that have ` +
    "not been back since the first one was put there sign in again then."
  );
}

function inWords({ authenticators, letters, parkedForms, pepper }: Rotation["resealed"]): string {
  const some = [
    countOf(authenticators, "authenticator"),
    countOf(letters, "letter"),
    countOf(parkedForms, "parked form"),
  ].join(", ");
  return pepper > 0 ? `${some}, and the key of the password hashes` : some;
}
