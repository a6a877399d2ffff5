import { isAdministrator } from "../base/roles";
import type { Person } from "../records/people";

/** A link of the side navigation; `here` marks the page one is on. */
export type Place = { path: string; label: string; here: boolean };

const OWN = [
  { path: "/profile/sessions", label: "Where you're signed in" },
  { path: "/profile/activity", label: "Recent activity" },
];

const ADMINISTRATION = [
  { path: "/admin/people", label: "People" },
  { path: "/admin/service-accounts", label: "Service accounts" },
  { path: "/admin/activity", label: "Activity" },
  { path: "/admin/settings", label: "Settings" },
];

/** The side navigation of a person: the profile under their own name, what is theirs, and what their roles open. */
export function placesFor(person: Person, path: string): Place[] {
  const profile = { path: "/profile", label: `${person.firstName} ${person.lastName}` };
  const places = [profile, ...OWN, ...(isAdministrator(person.roles) ? ADMINISTRATION : [])];
  // An administration page's own pages belong to it; of one's own, the longest address that fits.
  const here = places
    .filter((place) => path === place.path || path.startsWith(`${place.path}/`))
    .sort((a, b) => b.path.length - a.path.length)[0];
  return places.map((place) => ({ ...place, here: place === here }));
}
