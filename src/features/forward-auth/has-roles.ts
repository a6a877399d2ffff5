/** True when these roles are enough: for each `role` asked for, one of the names in it. An empty name is nobody's. */
export function hasRoles(roles: readonly string[], asked: readonly string[]): boolean {
  return asked.every((names) => names.split(",").some((name) => roles.includes(name.trim())));
}
