import { z } from "zod";

/** One value or several, as a query gives them. */
const several = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());

/** What a reverse proxy asks of `/auth/forward` beside who it is. */
export const forwardAuthQuery = z.object({
  /** Each has to be had; of names with commas between, one. */
  role: several.default([]),
  /** "no" where the request is none of the person's own doing, such as a background poll. */
  activity: several.default([]),
});

/** True when these roles are enough: for each `role` asked for, one of the names in it. An empty name is nobody's. */
export function hasRoles(roles: readonly string[], asked: readonly string[]): boolean {
  return asked.every((names) => names.split(",").some((name) => roles.includes(name.trim())));
}
