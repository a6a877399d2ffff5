import type { Pool } from "pg";
import type { Actor } from "../base/actor";
import { type Queryable, transaction } from "../platform/database";
import { asAdministrator } from "../records/administrators";
import { lockPerson, type ProfileFields, updateProfile } from "../records/people";
import { forgetEndedSessions } from "../records/sessions/sessions";
import { addTrailEntry } from "../records/trail";

export type ProfileField = keyof ProfileFields;

const FIELDS: ProfileField[] = ["firstName", "lastName", "phoneNumber", "sessionTimeout"];

/**
 * Saves a profile, by its owner ("profile.changed") or an administrator ("person.changed"), and says which fields
 * changed. "stale" when it was saved since the form was drawn, unless that other save left everything as this one wants
 * it.
 */
export async function changeProfile(
  db: Pool,
  action: "profile.changed" | "person.changed",
  actor: Actor,
  personId: string,
  version: number,
  profile: ProfileFields,
): Promise<{ changed: ProfileField[] } | "stale"> {
  const save = async (tx: Queryable): Promise<{ changed: ProfileField[] } | "stale"> => {
    const current = await lockPerson(tx, personId);
    if (!current) return "stale";
    const changed = FIELDS.filter((field) => current[field] !== profile[field]);
    if (changed.length === 0) return { changed };
    if (profile.sessionTimeout > current.sessionTimeout) await forgetEndedSessions(tx, 0, personId);
    if (!(await updateProfile(tx, personId, version, profile))) return "stale";
    const details = Object.fromEntries(
      changed.map((field) => [field, { from: current[field], to: profile[field] }]),
    );
    await addTrailEntry(tx, { action, actor, subjectId: personId, details });
    return { changed };
  };
  return action === "person.changed" ? asAdministrator(db, actor, save) : transaction(db, save);
}
