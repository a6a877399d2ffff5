import type { TrailEntry } from "../records/trail";

/** An account that an entry is about or was done by: what tells it from others of its name, and its page. */
export type TrailAccount = { role: string; text: string; page: string };

const PAGES: Record<string, string> = {
  person: "/admin/people/",
  "service-account": "/admin/service-accounts/",
};

/** Whose account an entry is about and who did it, for administrators; one line where somebody did it themselves. */
export function accountsOf(entry: TrailEntry): TrailAccount[] {
  const { actorKind, actorId, actorEmail, actorName, subjectKind, subjectId, subjectEmail, subjectName } =
    entry;
  const actor = describe("Done by", actorKind, actorId, actorEmail ?? actorName);
  const subject = describe("About", subjectKind, subjectId, subjectEmail ?? subjectName);
  if (actor && subject && actorId === subjectId) return [{ ...subject, role: "" }];
  return [actor, subject].filter((account) => account !== undefined);
}

function describe(role: string, kind: string | null, id: string | null, text: string | null) {
  const folder = kind === null ? undefined : PAGES[kind];
  return folder && id !== null && text !== null ? { role, text, page: folder + id } : undefined;
}
