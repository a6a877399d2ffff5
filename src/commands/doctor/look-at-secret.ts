import type { Pool } from "pg";
import { lookAtSealed } from "../../features/encryption/look-at-sealed";
import type { Config } from "../../platform/config";
import { countOtherSealers } from "../../records/replicas";
import { type Finding, sentenceOf } from "../command";
import { sealedValues, sealers, tellUnopenable } from "../count-sealed";
import { openDeskOn, quietLog } from "../open-installation";

const about = "Secret";

/** What the doctor finds of the secret: whether it opens everything, and how far a change of it has come. */
export async function lookAtSecret(db: Pool, config: Config): Promise<Finding[]> {
  try {
    const { seal, secrets } = await openDeskOn(db, config, quietLog());
    const { underEach, unopenable } = await lookAtSealed(db, seal, secrets);
    const otherSealers = await countOtherSealers(db, seal.id);
    const older = underEach.slice(1).reduce((sum, count) => sum + count, 0);
    const findings: Finding[] = unopenable.map((told) => problem(tellUnopenable(told)));
    if (findings.length === 0)
      findings.push({ about, state: "ok", says: "opens what the database has sealed" });
    if (otherSealers > 0) {
      findings.push(note(`${sealers(otherSealers)} with another secret than the first one here`));
    }
    if (older > 0) {
      findings.push(
        note(`${sealedValues(older)} under an older secret: run the command keys rotate-encryption`),
      );
    }
    const idle = underEach.flatMap((count, place) => (place > 0 && count === 0 ? [place + 1] : []));
    if (older === 0 && otherSealers === 0 && idle.length > 0) findings.push(note(droppable(idle)));
    return findings;
  } catch (error) {
    return [problem(sentenceOf(error))];
  }
}

function droppable(places: number[]): string {
  const which = places.length === 1 ? `secret ${places[0]}` : `secrets ${places.join(", ")}`;
  return (
    `nothing is sealed under ${which} of the list any more: once browsers have been back, ` +
    `${places.length === 1 ? "it" : "they"} can be dropped`
  );
}

function note(says: string): Finding {
  return { about, state: "note", says };
}

function problem(says: string): Finding {
  return { about, state: "problem", says };
}
