import { setTimeout as pause } from "node:timers/promises";
import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { transaction } from "../../platform/database";
import type { Seal } from "../../platform/seal";
import { findInstallation, PEPPER_PURPOSE, replacePepper } from "../../records/installation";
import { countOtherSealers } from "../../records/replicas";
import { replaceSealed, SEALED_KINDS, type SealedKind } from "../../records/sealed-values";
import { addTrailEntry } from "../../records/trail";
import { lookAtSealed, sealedBatches, type Unopenable } from "./look-at-sealed";

const ROUNDS = 20;
const PAUSE_MS = 250;

/**
 * What a rotation did. `left` is how many values are still sealed under an older secret, `otherSealers` how many
 * programs run that seal with another secret than the first.
 */
export type Rotation = {
  resealed: Resealed;
  left: number;
  otherSealers: number;
  unopenable: Unopenable[];
};

type Resealed = Record<SealedKind | "pepper", number>;

/**
 * Seals everything anew under the first secret, a few hundred values at a time, while the program runs. What was
 * re-sealed stays so when this is stopped at any point, and the next run goes on. The pepper, which proves the secret
 * at start, comes last: until everything else is under the first secret, no program starts with that one alone.
 * While programs run that seal with another secret, nothing (more) is done.
 */
export async function rotateEncryption(
  db: Pool,
  seal: Seal,
  actor: Actor,
  secrets: number,
): Promise<Rotation> {
  const resealed: Resealed = { authenticators: 0, letters: 0, parkedForms: 0, pepper: 0 };
  for (let round = 1; ; round++) {
    if ((await countOtherSealers(db, seal.id)) === 0)
      for (const kind of SEALED_KINDS) resealed[kind] += await resealKind(db, seal, kind);
    const { underEach, pepperUnder, unopenable } = await lookAtSealed(db, seal, secrets);
    const left = underEach.slice(1).reduce((sum, count) => sum + count, 0);
    const otherSealers = await countOtherSealers(db, seal.id);
    const pepperAlone = left === (pepperUnder ? 1 : 0);
    if (pepperAlone || otherSealers > 0 || round === ROUNDS) {
      const movesPepper = left > 0 && pepperAlone && otherSealers === 0;
      if (movesPepper) resealed.pepper = 1;
      await finish(db, seal, actor, resealed);
      return { resealed, left: movesPepper ? 0 : left, otherSealers, unopenable };
    }
    // Somebody is just changing what was left out.
    await pause(PAUSE_MS);
  }
}

async function finish(db: Pool, seal: Seal, actor: Actor, resealed: Resealed): Promise<void> {
  if (Object.values(resealed).every((count) => count === 0)) return;
  await transaction(db, async (tx) => {
    const { id, sealedPepper } = await findInstallation(tx);
    if (resealed.pepper > 0 && sealedPepper) {
      const pepper = seal.open(sealedPepper, PEPPER_PURPOSE);
      await replacePepper(tx, sealedPepper, seal.close(pepper, PEPPER_PURPOSE));
    }
    await addTrailEntry(tx, { action: "encryption.rotated", actor, subjectId: id, details: resealed });
  });
}

async function resealKind(db: Pool, seal: Seal, kind: SealedKind): Promise<number> {
  let resealed = 0;
  for await (const values of sealedBatches(db, kind)) {
    const made = values.flatMap(({ key, sealed, purpose }) => {
      const opened = seal.tryOpen(sealed, purpose);
      return opened && opened.place > 0 ? [{ key, sealed, resealed: seal.close(opened.plain, purpose) }] : [];
    });
    if (made.length > 0) resealed += await replaceSealed(db, kind, made);
  }
  return resealed;
}
