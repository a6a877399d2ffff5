import { TrailChainer } from "../web/chain-trail";
import { verifyTrail } from "../web/verify-trail";
import type { Command } from "./command";
import { quietLog, withDatabase } from "./open-installation";

/** `audit verify`: reads the whole trail and says whether anything in it was tampered with. */
export const auditVerify: Command = {
  usage: "audit verify",
  help:
    "Works out every hash of the trail again and names the first entry that was changed, removed or reordered.\n" +
    "Keep the last hash somewhere else: with it you notice when the end of the trail was cut off.",
  options: {},
  positionals: 0,
  run({ config }) {
    return withDatabase(config, false, async (db) => {
      // What was written just before the program was killed still waits for its link.
      await new TrailChainer(db, quietLog()).flush();
      const verdict = await verifyTrail(db);
      const { entries, lastHash } = verdict.intact ? verdict : { entries: 0, lastHash: "" };
      const lines = verdict.intact
        ? [`The trail is intact: ${entries} ${entries === 1 ? "entry" : "entries"}, last hash ${lastHash}`]
        : [`The trail was tampered with. ${verdict.sentence}`];
      return { ok: verdict.intact, lines, json: verdict };
    });
  },
};
