/** The role that opens the administration pages. */
export const ADMINISTRATOR = "administrator";

/** True when the roles make someone an administrator. */
export function isAdministrator(roles: readonly string[]): boolean {
  return roles.includes(ADMINISTRATOR);
}
