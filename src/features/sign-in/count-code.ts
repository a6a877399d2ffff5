import type { Pool } from "pg";
import type { Actor } from "../../base/actor";
import type { Person } from "../../base/person";
import { transaction } from "../../platform/database";
import { wrongCodes } from "../../platform/letters";
import type { Seal } from "../../platform/seal";
import { queueLetter } from "../../records/mail";
import { countCodeTry, type SecondFactor } from "../../records/second-factors";
import { addTrailEntry } from "../../records/trail";

/**
 * The most wrong codes in a row, one-time and recovery codes together (NIST SP 800-63B-4 section 3.2.2). Half of them
 * are kept for where the person has signed in before: whoever knows the password cannot use up those.
 */
const MOST_WRONG_IN_A_ROW = { known: 100, stranger: 50 };
const TELL_AFTER = 10;

/**
 * Counts a code before it is looked at; accepting one begins the count anew. After ten wrong ones in a row the owner is
 * told, because whoever enters codes knows the password. "closed" when none may be looked at any more.
 */
export async function countCode(
  db: Pool,
  seal: Seal,
  actor: Actor,
  person: Person,
  { factor, known }: { factor: SecondFactor; known: boolean },
): Promise<"counted" | "closed"> {
  const most = known ? MOST_WRONG_IN_A_ROW.known : MOST_WRONG_IN_A_ROW.stranger;
  const count = await countCodeTry(db, factor.id, most);
  if (count === undefined) return "closed";
  // This one is not known to be wrong yet, the ones before it are.
  if (count === TELL_AFTER + 1) {
    await transaction(db, async (tx) => {
      const details = { wrongCodes: TELL_AFTER };
      await addTrailEntry(tx, { action: "second-factor.guessed-at", actor, subjectId: person.id, details });
      await queueLetter(tx, seal, person.email, wrongCodes(TELL_AFTER));
    });
  }
  return "counted";
}
