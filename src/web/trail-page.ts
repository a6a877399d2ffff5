import type { Queryable } from "../platform/database";
import { listTrail, type TrailEntry, type TrailFilter, type TrailPlace } from "../records/trail";
import type { Form } from "./read-form";

const PAGE = 50;

/** A page of the trail, newest first, with the queries that lead to the others. */
export type TrailPage = {
  entries: TrailEntry[];
  newest: boolean;
  newer: string | undefined;
  older: string | undefined;
};

/** The page of the trail that a query string asks for: "before", "after" an entry's number, or "oldest". */
export async function readTrailPage(db: Queryable, filter: TrailFilter, query: Form): Promise<TrailPage> {
  const place = readPlace(query);
  const upwards = place.oldest === true || place.after !== undefined;
  const found = await listTrail(db, filter, place, PAGE + 1);
  // One more than a page was asked for, to know whether there is a next one: on the side one is going to.
  const more = found.length > PAGE;
  const entries = more ? (upwards ? found.slice(1) : found.slice(0, -1)) : found;
  const hasNewer = upwards ? more : place.before !== undefined;
  const hasOlder = upwards ? place.oldest !== true : more;
  return {
    entries,
    newest: !hasNewer,
    newer: hasNewer ? entries[0]?.id : undefined,
    older: hasOlder ? entries.at(-1)?.id : undefined,
  };
}

function readPlace({ before, after, oldest }: Form): TrailPlace {
  if (isNumber(before)) return { before };
  if (isNumber(after)) return { after };
  return { oldest: oldest !== undefined };
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^[0-9]{1,18}$/.test(text);
}
