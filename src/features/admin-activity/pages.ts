import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { typedKeyId } from "../../base/api-key-format";
import { searchWords } from "../../base/search-words";
import type { Queryable } from "../../platform/database";
import { type FormErrors, readBySchema } from "../../platform/form-errors";
import { findApiKeyOwnerId } from "../../records/api-keys/api-keys";
import { findInvitations, findWho, type TrailFilter } from "../../records/trail";
import { drawPage } from "../../web/page";
import { type Form, readQuery } from "../../web/read-form";
import { accountsOf } from "../../web/trail-accounts";
import { readTrailPage } from "../../web/trail-page";
import { describeEntry, TRAIL_ACTIONS } from "../../web/trail-words";
import type { PersonVisit } from "../../web/visit";
import { activityFilter } from "./form";
import { writeTrailCsv } from "./write-trail-csv";

const MOST_PEOPLE = 50;

/** GET /admin/activity: the whole trail, newest first, narrowed by the filter. */
export async function show(visit: PersonVisit): Promise<void> {
  const query = readQuery(visit.req);
  const read = await readFilter(visit, query);
  if (!read.ok) return draw(visit, query, { status: 422, errors: read.errors, entries: [] });
  const page = await readTrailPage(visit.desk.db, read.filter, query);
  await draw(visit, query, {
    ...page,
    entries: page.entries.map((entry) => ({
      ...describeEntry(entry, null),
      accounts: accountsOf(entry),
      own: true,
    })),
  });
}

/** GET /admin/activity/download: what the filter finds, as a CSV file that is written while it is read. */
export async function download(visit: PersonVisit): Promise<void> {
  const { desk, req, res } = visit;
  const query = readQuery(req);
  const read = await readFilter(visit, query);
  if (!read.ok) return draw(visit, query, { status: 422, errors: read.errors, entries: [] });
  res.attachment("activity.csv").type("text/csv; charset=utf-8");
  if (req.method === "HEAD") {
    res.end();
    return;
  }
  const lines = Readable.from(writeTrailCsv(desk.db, read.filter));
  // Either way nobody is left to answer.
  await pipeline(lines, res).catch((error) => {
    if (String(error.code).startsWith("ERR_STREAM_")) desk.log.info({}, "A download was broken off");
    else desk.log.warn({ err: error }, "A download ended early");
  });
}

async function readFilter(
  { desk }: PersonVisit,
  query: Form,
): Promise<{ ok: true; filter: TrailFilter } | { ok: false; errors: FormErrors }> {
  const read = readBySchema(activityFilter, query);
  if (!read.ok) return read;
  const { person, action, from, to } = read.input;
  const who = (await findKey(desk.db, person)) ?? (await findWhoIds(desk.db, searchWords(person)));
  if (who === "too-many") {
    const message = `Write more of the name or email: this is part of more than ${MOST_PEOPLE} people's`;
    return { ok: false, errors: [{ field: "person", message }] };
  }
  return {
    ok: true,
    filter: { ...who, action: action || undefined, from: from || undefined, until: to || undefined },
  };
}

/** The key that was typed by its id, and whose it is or was; undefined for what is none. */
async function findKey(db: Queryable, typed: string): Promise<TrailFilter | undefined> {
  const keyId = typedKeyId(typed);
  const ownerId = keyId && (await findApiKeyOwnerId(db, keyId));
  return ownerId ? { whoIds: [ownerId], keyId } : undefined;
}

/** Everybody and every invitation these words find; no filter without words, which find all. */
async function findWhoIds(db: Queryable, words: string[]): Promise<TrailFilter | "too-many"> {
  if (words.length === 0) return {};
  const who = await findWho(db, words, MOST_PEOPLE + 1);
  if (who.length > MOST_PEOPLE) return "too-many";
  const invitations = await findInvitations(db, words, MOST_PEOPLE + 1);
  return invitations.length > MOST_PEOPLE ? "too-many" : { whoIds: [...who, ...invitations.flat()] };
}

async function draw(visit: PersonVisit, query: Form, page: Record<string, unknown>): Promise<void> {
  const { person = "", action = "", from = "", to = "" } = query;
  const filter = Object.entries({ person, action, from, to }).filter(([, text]) => text !== "");
  await drawPage(visit, "admin-activity/activity", {
    title: "Activity",
    values: { person, action, from, to },
    actions: [{ value: "", label: "All" }, ...TRAIL_ACTIONS],
    query: new URLSearchParams(filter).toString(),
    ...page,
  });
}
