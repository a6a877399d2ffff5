/** Where programs ask whether a key is good; the second is how the reference has it. */
export const VERIFY_PATHS = ["/v1/authentication/verify", "/authentication/verify"] as const;

const FOR_PROGRAMS = /^\/(v1|auth|authentication)(\/|$)|^\/(healthz|readyz)\/?$/i;

/** True for an address that only programs ask: nothing there is a page, and what goes wrong is told in JSON. */
export function isForPrograms(path: string): boolean {
  return FOR_PROGRAMS.test(path);
}
