import { findPerson, type Person } from "../records/people";
import type { Visit } from "./visit";

/** The active person whose live session this request carries, at whatever stage it is. */
export async function personOf({ req, desk }: Visit): Promise<Person | undefined> {
  const session = req.session;
  return session?.alive && session.personId ? findPerson(desk.db, session.personId) : undefined;
}
