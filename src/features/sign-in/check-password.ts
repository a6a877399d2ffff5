import type { Pool } from "pg";
import type { Person } from "../../base/person";
import type { Passwords } from "../../platform/passwords";
import { findPersonByEmail, verifyPassword } from "../../records/people";

/** The person with this email and password; an unknown email takes as long as a wrong password (ASVS 5.0, 6.3.8). */
export async function checkPassword(
  db: Pool,
  passwords: Passwords,
  email: string,
  password: string,
): Promise<(Person & { passwordHash: string }) | undefined> {
  const found = await findPersonByEmail(db, email);
  const passwordHash = await verifyPassword(db, passwords, password, found);
  return found && passwordHash !== undefined ? { ...found, passwordHash } : undefined;
}
