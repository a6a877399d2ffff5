import { TrailChainer } from "../web/chain-trail";
import { type TrailVerdict, verifyTrail } from "../web/verify-trail";
import { type Command, UsageMistake } from "./command";
import { quietLog, withDatabase } from "./open-installation";

/** `audit verify`: reads the whole trail and says whether anything in it was tampered with. */
export const auditVerify: Command = {
  usage: "audit verify [--was HASH]",
  brief: "finds and names an entry of the trail that was changed, removed or reordered",
  help:
    "Works out every hash of the trail again and names the first entry that was changed, removed or reordered.\n" +
    "Keep the last hash somewhere else: given back later with --was, it shows whether the end of the trail was cut\n" +
    "off or written anew meanwhile.",
  options: { was: { type: "string" } },
  positionals: 0,
  run({ config, values: { was } }) {
    if (was !== undefined && !/^[0-9a-f]{64}$/i.test(was)) {
      throw new UsageMistake(
        "A hash is 64 digits and letters from a to f, as an earlier audit verify printed it.",
      );
    }
    return withDatabase(config, false, async (db) => {
      // What was written just before the program was killed still waits for its link.
      await new TrailChainer(db, quietLog()).flush();
      const verdict = await verifyTrail(db, was === undefined ? undefined : Buffer.from(was, "hex"));
      return { ok: verdict.intact, lines: linesOf(verdict), json: verdict };
    });
  },
};

function linesOf(verdict: TrailVerdict): string[] {
  if (!verdict.intact) return [`The trail was tampered with. ${verdict.sentence}`];
  const { entries, lastHash, waiting, was } = verdict;
  const lines = [`The trail is intact: ${entriesOf(entries)}, last hash ${lastHash}`];
  if (waiting > 0)
    lines.push(`Not in the chain yet: ${entriesOf(waiting)}, which the program is about to add`);
  if (was?.entryId === null) lines.push("The hash you kept is from before the first entry");
  else if (was) lines.push(`The hash you kept is that of entry ${was.entryId}, at position ${was.position}`);
  return lines;
}

function entriesOf(count: number): string {
  return `${count} ${count === 1 ? "entry" : "entries"}`;
}
