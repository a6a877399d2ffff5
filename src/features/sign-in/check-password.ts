import type { Pool } from "pg";
import type { Passwords } from "../../platform/passwords";
import { findPersonByEmail, type SigningIn, verifyPassword } from "../../records/people";

/**
 * The person with this email and password; an unknown email takes as long as a wrong password (ASVS 5.0, 6.3.8).
 * "lapsed" for the right password where it was made up, and has ended.
 */
export async function checkPassword(
  db: Pool,
  passwords: Passwords,
  email: string,
  password: string,
  known: boolean,
): Promise<SigningIn | "lapsed" | "wrong"> {
  const found = await findPersonByEmail(db, email);
  const passwordHash = await verifyPassword(db, passwords, password, found, known);
  if (!found || passwordHash === undefined) return "wrong";
  return found.passwordLapsed ? "lapsed" : { ...found, passwordHash };
}
