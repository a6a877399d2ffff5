import { drawPage } from "../../web/page";
import { readQuery } from "../../web/read-form";
import { readTrailPage } from "../../web/trail-page";
import { describeEntry } from "../../web/trail-words";
import type { PersonVisit } from "../../web/visit";

/** GET /profile/activity: what the person did, and what was done to their account. */
export async function show(visit: PersonVisit): Promise<void> {
  const { desk, person, req } = visit;
  const query = readQuery(req);
  const page = await readTrailPage(desk.db, { whoIds: [person.id] }, query);
  await drawPage(visit, "activity/activity", {
    title: "Recent activity",
    ...page,
    entries: page.entries.map((entry) => ({
      ...describeEntry(entry, person.id),
      // Where somebody else was is theirs.
      own: entry.actorId === person.id || entry.actorKind === "visitor",
    })),
    query: "",
    // Not just a page beyond the last one.
    untouched: page.entries.length === 0 && Object.keys(query).length === 0,
  });
}
