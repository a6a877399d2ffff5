import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import { isAdministrator, OWN_ROLES } from "../../base/roles";
import { asAdministrator } from "../../records/administrators";
import { lockPerson } from "../../records/people";
import { replaceRoles } from "../../records/people-administration";
import { keepRoles } from "../../records/roles";
import { endAllSessions } from "../../records/sessions/sessions";
import { addTrailEntry } from "../../records/trail";
import { withdrawLinksBy } from "./withdraw-links-by";

/**
 * Gives a person other roles; who is no administrator any more is signed out, and invitations they sent are withdrawn. "stale" when their roles are not the ones
 * the form was drawn from, "last-administrator" when nobody would be left to administer.
 */
export async function changeRoles(
  db: Pool,
  actor: Actor,
  personId: string,
  oldRoles: string[],
  newRoles: string[],
): Promise<"changed" | "unchanged" | "stale" | "last-administrator"> {
  return asAdministrator(
    db,
    actor,
    async (tx) => {
      // Before the person's row is locked: deleting a role takes its locks in the same order.
      const added = newRoles.filter((role) => !OWN_ROLES.includes(role) && !oldRoles.includes(role));
      if (!(await keepRoles(tx, added))) return "stale";
      const person = await lockPerson(tx, personId);
      if (!person) return "stale";
      if (same(person.roles, newRoles)) return "unchanged";
      if (!same(person.roles, oldRoles)) return "stale";
      if (!(await replaceRoles(tx, personId, person.roles, newRoles))) return "last-administrator";
      const demoted = isAdministrator(person.roles) && !isAdministrator(newRoles);
      if (demoted) {
        await endAllSessions(tx, personId);
        await withdrawLinksBy(tx, actor, personId);
      }
      const details = { roles: { from: person.roles, to: newRoles } };
      await addTrailEntry(tx, { action: "person.changed", actor, subjectId: personId, details });
      return "changed";
    },
    { alone: true },
  );
}

function same(a: string[], b: string[]): boolean {
  return [...a].sort().join("\n") === [...b].sort().join("\n");
}
