import { searchWords } from "../../base/search-words";
import { isUuid } from "../../base/uuid";
import type { PeopleFilter, PeoplePlace } from "../../records/people-list";

const STATUSES = ["active", "deactivated", "without-two-factor"] as const;

/** What the list was asked for. What is not understood is left out: an address is no form to correct. */
export function readListQuery(query: Record<string, string>): { filter: PeopleFilter; place: PeoplePlace } {
  const { q = "", role = "", status = "", after, before, page } = query;
  return {
    filter: {
      words: searchWords(q),
      role,
      status: STATUSES.find((known) => known === status) ?? "",
    },
    place: isUuid(after)
      ? { at: "after", id: after }
      : isUuid(before)
        ? { at: "before", id: before }
        : { at: page === "last" ? "last" : "first" },
  };
}
