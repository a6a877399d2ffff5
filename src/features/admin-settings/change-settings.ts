import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { asAdministrator } from "../../records/administrators";
import { findInstallation, type Settings, updateSettings } from "../../records/installation";
import { forgetEndedSessions } from "../../records/sessions/sessions";
import { addTrailEntry } from "../../records/trail";

export type Setting = keyof Settings;

/** The settings of the page, in its order. */
export const SETTINGS: Setting[] = [
  "longestSessionTimeout",
  "longestSessionTimeoutAdministrators",
  "absoluteLifetime",
  "twoFactorPolicy",
];

const LIMITS = ["longestSessionTimeout", "longestSessionTimeoutAdministrators", "absoluteLifetime"] as const;

/**
 * Saves the settings and says which changed. "stale" when they were saved since the form was drawn, unless that other
 * save left everything as this one wants it.
 */
export async function changeSettings(
  db: Pool,
  actor: Actor,
  version: number,
  settings: Settings,
): Promise<{ changed: Setting[] } | "stale"> {
  return asAdministrator(
    db,
    actor,
    async (tx) => {
      const current = await findInstallation(tx);
      const changed = SETTINGS.filter((setting) => current[setting] !== settings[setting]);
      if (changed.length === 0) return { changed };
      // The version read here is the one written over, so that the trail's "from" is what was there.
      if (current.version !== version) return "stale";
      if (LIMITS.some((limit) => settings[limit] > current[limit])) await forgetEndedSessions(tx, 0);
      if (!(await updateSettings(tx, version, settings))) return "stale";
      const details = Object.fromEntries(
        changed.map((setting) => [setting, { from: current[setting], to: settings[setting] }]),
      );
      await addTrailEntry(tx, { action: "settings.changed", actor, subjectId: current.id, details });
      return { changed };
    },
    { alone: true },
  );
}
