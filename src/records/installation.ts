import type { TwoFactorPolicy } from "../base/two-factor-policy";
import type { Queryable } from "../platform/database";

/** What the pepper is sealed for. */
export const PEPPER_PURPOSE = "pepper";

export type Installation = {
  id: string;
  sealedPepper: Buffer | null;
  setUp: boolean;
  twoFactorPolicy: TwoFactorPolicy;
  /** Ceilings on the session timeout, in seconds. */
  longestSessionTimeout: number;
  longestSessionTimeoutAdministrators: number;
  /** The longest a session lasts whatever the activity, in seconds. */
  absoluteLifetime: number;
  /** Raised by each save of the settings. */
  version: number;
};

/** What the settings page saves. */
export type Settings = Pick<
  Installation,
  "twoFactorPolicy" | "longestSessionTimeout" | "longestSessionTimeoutAdministrators" | "absoluteLifetime"
>;

/** The one row that describes this installation. */
export async function findInstallation(db: Queryable): Promise<Installation> {
  const { rows } = await db.query<Installation>(
    `select id, sealed_pepper as "sealedPepper", set_up_at is not null as "setUp",
            two_factor_policy as "twoFactorPolicy", longest_session_timeout as "longestSessionTimeout",
            longest_session_timeout_administrators as "longestSessionTimeoutAdministrators",
            absolute_lifetime as "absoluteLifetime", version
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

/** Puts the same pepper, sealed anew, in place of this sealed one. */
export async function replacePepper(db: Queryable, sealed: Buffer, resealed: Buffer): Promise<void> {
  await db.query("update installation set sealed_pepper = $2 where sealed_pepper = $1", [sealed, resealed]);
}

/** Lets a second transaction that asks wait until this one has ended. */
export async function lockInstallation(db: Queryable): Promise<void> {
  await db.query("select from installation for update");
}

/** Marks the installation as set up. False when it already was: of two first administrators, one wins. */
export async function claimSetUp(db: Queryable, policy: TwoFactorPolicy): Promise<boolean> {
  const { rowCount } = await db.query(
    "update installation set set_up_at = now(), two_factor_policy = $1 where set_up_at is null",
    [policy],
  );
  return rowCount === 1;
}

/** Saves the settings if they are still at `version`. False when they have been saved since. */
export async function updateSettings(db: Queryable, version: number, settings: Settings): Promise<boolean> {
  const { rowCount } = await db.query(
    `update installation set two_factor_policy = $2, longest_session_timeout = $3,
            longest_session_timeout_administrators = $4, absolute_lifetime = $5, version = version + 1
      where version = $1`,
    [
      version,
      settings.twoFactorPolicy,
      settings.longestSessionTimeout,
      settings.longestSessionTimeoutAdministrators,
      settings.absoluteLifetime,
    ],
  );
  return rowCount === 1;
}
