import type { TwoFactorPolicy } from "../base/two-factor-policy";
import type { Queryable } from "../platform/database";

export type Installation = {
  id: string;
  sealedPepper: Buffer | null;
  setUp: boolean;
  twoFactorPolicy: TwoFactorPolicy;
};

/** The one row that describes this installation. */
export async function findInstallation(db: Queryable): Promise<Installation> {
  const { rows } = await db.query<Installation>(
    `select id, sealed_pepper as "sealedPepper", set_up_at is not null as "setUp",
            two_factor_policy as "twoFactorPolicy"
       from installation`,
  );
  const [installation] = rows;
  if (!installation) throw new Error("The table installation has no row");
  return installation;
}

/** Keeps the sealed pepper if there is none yet: of two replicas starting at once, one wins. */
export async function keepFirstPepper(db: Queryable, sealedPepper: Buffer): Promise<void> {
  await db.query("update installation set sealed_pepper = $1 where sealed_pepper is null", [sealedPepper]);
}

/** Marks the installation as set up. False when it already was: of two first administrators, one wins. */
export async function claimSetUp(db: Queryable, policy: TwoFactorPolicy): Promise<boolean> {
  const { rowCount } = await db.query(
    "update installation set set_up_at = now(), two_factor_policy = $1 where set_up_at is null",
    [policy],
  );
  return rowCount === 1;
}
