import type { Pool } from "pg";
import { type Queryable, snapshot } from "../../platform/database";
import type { Seal } from "../../platform/seal";
import { findInstallation, PEPPER_PURPOSE } from "../../records/installation";
import { LETTER_PURPOSE } from "../../records/mail";
import { parkedFormPurpose } from "../../records/parked-forms";
import { listSealed, SEALED_KINDS, type SealedKind, type SealedValue } from "../../records/sealed-values";
import { secondFactorPurpose } from "../../records/second-factors";

const PURPOSES: Record<SealedKind, (personId: string) => string> = {
  authenticators: secondFactorPurpose,
  letters: () => LETTER_PURPOSE,
  parkedForms: parkedFormPurpose,
};

const BATCH = 500;
const NAMED = 10;

/** Values that no secret opens: how many, and the email addresses that the first few of them concern. */
export type Unopenable = { kind: SealedKind; count: number; whose: string[] };

/** How many values each secret of the list has sealed, the first one first; which of them the pepper; what none opens. */
export type LookedAt = { underEach: number[]; pepperUnder: number | undefined; unopenable: Unopenable[] };

/** Opens everything that is sealed, as it stands at one moment; changes nothing. */
export function lookAtSealed(db: Pool, seal: Seal, secrets: number): Promise<LookedAt> {
  return snapshot(db, async (tx) => {
    const underEach = new Array<number>(secrets).fill(0);
    const found = new Map<SealedKind, Unopenable>();
    const { sealedPepper } = await findInstallation(tx);
    const pepper = sealedPepper && seal.tryOpen(sealedPepper, PEPPER_PURPOSE);
    if (pepper) count(underEach, pepper.place);
    for (const kind of SEALED_KINDS) {
      for await (const values of sealedBatches(tx, kind)) {
        for (const value of values) {
          const opened = seal.tryOpen(value.sealed, value.purpose);
          if (opened) count(underEach, opened.place);
          else note(found, kind, value);
        }
      }
    }
    return { underEach, pepperUnder: pepper?.place, unopenable: [...found.values()] };
  });
}

/** Goes through the sealed values of a kind, a few hundred at a time. */
export async function* sealedBatches(
  db: Queryable,
  kind: SealedKind,
): AsyncGenerator<(SealedValue & { purpose: string })[]> {
  for (let after: string | undefined; ; ) {
    const values = await listSealed(db, kind, after, BATCH);
    if (values.length > 0)
      yield values.map((value) => ({ ...value, purpose: PURPOSES[kind](value.personId) }));
    if (values.length < BATCH) return;
    after = values.at(-1)?.key;
  }
}

function count(underEach: number[], place: number): void {
  underEach[place] = (underEach[place] ?? 0) + 1;
}

function note(found: Map<SealedKind, Unopenable>, kind: SealedKind, { whose }: SealedValue): void {
  const told = found.get(kind) ?? { kind, count: 0, whose: [] };
  told.count++;
  if (whose !== null && told.whose.length < NAMED && !told.whose.includes(whose)) told.whose.push(whose);
  found.set(kind, told);
}
