import type { Person } from "../base/person";
import { isAdministrator } from "../base/roles";

/** A link of the side navigation; `here` marks the page one is on. */
export type Place = { path: string; label: string; icon: string; here: boolean };

/** The links of the side navigation in its two groups; the second is empty for whoever does not administer. */
export type Places = { own: Place[]; administration: Place[] };

const OWN = [
  { path: "/profile/sessions", label: "Where you're signed in", icon: "computer-desktop" },
  { path: "/profile/activity", label: "Recent activity", icon: "clock" },
];

const ADMINISTRATION = [
  { path: "/admin/people", label: "People", icon: "users" },
  { path: "/admin/service-accounts", label: "Service accounts", icon: "cpu-chip" },
  { path: "/admin/activity", label: "Activity", icon: "queue-list" },
  { path: "/admin/settings", label: "Settings", icon: "cog-6-tooth" },
];

/** The side navigation of a person: the profile under their own name, what is theirs, and what their roles open. */
export function placesFor(person: Person, path: string): Places {
  const profile = { path: "/profile", label: `${person.firstName} ${person.lastName}`, icon: "user-circle" };
  const own = [profile, ...OWN];
  const administration = isAdministrator(person.roles) ? ADMINISTRATION : [];
  // An administration page's own pages belong to it; of one's own, the longest address that fits.
  const here = [...own, ...administration]
    .filter((place) => path === place.path || path.startsWith(`${place.path}/`))
    .sort((a, b) => b.path.length - a.path.length)[0];
  const marked = (places: typeof own) => places.map((place) => ({ here: place === here, ...place }));
  return { own: marked(own), administration: marked(administration) };
}
