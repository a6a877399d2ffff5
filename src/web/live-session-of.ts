import type { FoundSession } from "./live-sessions";
import type { Visit } from "./visit";

/** The live session this request carries, at whatever stage it is, with its person, who is active. */
export function liveSessionOf({ req }: Visit): FoundSession | undefined {
  const row = req.session?.row;
  return row?.alive && row.person ? (row as FoundSession) : undefined;
}
