/** The role that opens the administration pages. */
export const ADMINISTRATOR = "administrator";

/** The role of somebody who looks after their own account. */
export const MEMBER = "member";

/** The role of somebody who sees nothing but their own profile. */
export const API_ACCESS_ONLY = "API access only";

/** The role names Latchkey knows itself. */
export const OWN_ROLES: readonly string[] = [ADMINISTRATOR, MEMBER, API_ACCESS_ONLY];

/** True when the roles make someone an administrator. */
export function isAdministrator(roles: readonly string[]): boolean {
  return roles.includes(ADMINISTRATOR);
}
