import { CSV_BEGINS, csvLine } from "../../base/csv";
import type { Queryable } from "../../platform/database";
import { listTrail, type TrailEntry, type TrailFilter } from "../../records/trail";

const PAGE = 1_000;

const COLUMNS: [name: string, cell: (entry: TrailEntry) => string | null][] = [
  ["Number", (entry) => entry.id],
  ["Time (UTC)", (entry) => entry.at.toISOString()],
  ["Action", (entry) => entry.action],
  ["Done by", (entry) => entry.actorName],
  ["Their email", (entry) => entry.actorEmail],
  ["Kind", (entry) => entry.actorKind],
  ["Session", (entry) => entry.sessionId],
  ["Key", (entry) => entry.keyId && `lk${entry.keyId}`],
  ["About", (entry) => entry.subjectName],
  ["Email of whom it is about", (entry) => entry.subjectEmail ?? invitedEmail(entry)],
  ["Address", (entry) => entry.address],
  ["Client", (entry) => entry.client],
  ["Details", (entry) => JSON.stringify(entry.details)],
];

function invitedEmail({ action, details }: TrailEntry): string | null {
  return action.startsWith("invitation.") && typeof details?.email === "string" ? details.email : null;
}

/** The trail as CSV text, a page of entries at a time, newest first: never more than one page is in memory. */
export async function* writeTrailCsv(db: Queryable, filter: TrailFilter): AsyncGenerator<string> {
  yield CSV_BEGINS + csvLine(COLUMNS.map(([name]) => name));
  for (let before: string | undefined; ; ) {
    const entries = await listTrail(db, filter, { before }, PAGE);
    if (entries.length > 0) {
      yield entries.map((entry) => csvLine(COLUMNS.map(([, cell]) => cell(entry)))).join("");
    }
    if (entries.length < PAGE) return;
    before = entries.at(-1)?.id;
  }
}
