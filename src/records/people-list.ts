import { likePattern } from "../base/search-words";
import type { Queryable } from "../platform/database";

/** A person as a line of the list. */
export type ListedPerson = {
  id: string;
  email: string;
  firstName: string;
  lastName: string;
  roles: string[];
  active: boolean;
  twoFactor: boolean;
};

/** Which people a list holds. */
export type PeopleFilter = {
  /** Each of these has to occur in the name or email, in any case; one of one or two letters, as a beginning. */
  words: string[];
  role: string;
  status: "" | "active" | "deactivated" | "without-two-factor";
};

/** A page of the list: its first or last people, or those after or before somebody. */
export type PeoplePlace =
  | { at: "first" }
  | { at: "last" }
  | { at: "after"; id: string }
  | { at: "before"; id: string };

const NAME = "lower(p.last_name), lower(p.first_name), p.id";
const NAME_BACKWARD = "lower(p.last_name) desc, lower(p.first_name) desc, p.id desc";

/** At most `most` people in the order of their names, read from the end of the list for "last" and "before". */
export async function listPeople(
  db: Queryable,
  filter: PeopleFilter,
  place: PeoplePlace,
  most: number,
): Promise<ListedPerson[]> {
  const values: unknown[] = [most];
  const given = (value: unknown) => `$${values.push(value)}`;
  const conditions = filter.words.map(
    (word) => `p.searched_text like lower(${given(likePattern(word))}::text)`,
  );
  if (filter.role) conditions.push(`p.roles @> array[${given(filter.role)}]`);
  if (filter.status === "deactivated") conditions.push("p.deactivated_at is not null");
  if (filter.status === "active" || filter.status === "without-two-factor")
    conditions.push("p.deactivated_at is null");
  if (filter.status === "without-two-factor") conditions.push("not p.has_second_factor");

  const backward = place.at === "last" || place.at === "before";
  if (place.at === "after" || place.at === "before") {
    const bounds = await findBounds(db, place.id);
    const [last, first, id] = [given(bounds?.lastName), given(bounds?.firstName), given(bounds?.id)];
    conditions.push(`(${NAME}) ${backward ? "<" : ">"} (${last}::text, ${first}::text, ${id}::uuid)`);
  }

  const { rows } = await db.query<ListedPerson>(
    `select p.id, p.email, p.first_name as "firstName", p.last_name as "lastName", p.roles,
            p.deactivated_at is null as active, p.has_second_factor as "twoFactor"
       from people p ${conditions.length > 0 ? `where ${conditions.join(" and ")}` : ""}
      order by ${backward ? NAME_BACKWARD : NAME} limit $1`,
    values,
  );
  return backward ? rows.reverse() : rows;
}

/** Active people of these ids, in the order of their names. */
export async function listActivePeople(
  db: Queryable,
  ids: string[],
): Promise<Pick<ListedPerson, "id" | "email" | "firstName" | "lastName" | "twoFactor">[]> {
  const { rows } = await db.query<ListedPerson>(
    `select p.id, p.email, p.first_name as "firstName", p.last_name as "lastName", p.has_second_factor as "twoFactor"
       from people p where p.id = any($1::uuid[]) and p.deactivated_at is null order by ${NAME}`,
    [ids],
  );
  return rows;
}

// The names are asked for by id, so that addresses and logs hold none.
async function findBounds(
  db: Queryable,
  id: string,
): Promise<{ lastName: string; firstName: string; id: string } | undefined> {
  const { rows } = await db.query<{ lastName: string; firstName: string; id: string }>(
    `select lower(last_name) as "lastName", lower(first_name) as "firstName", id from people where id = $1`,
    [id],
  );
  return rows[0];
}
