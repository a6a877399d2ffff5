import { Refusal } from "../../base/refusal";
import { isUuid } from "../../base/uuid";
import type { Queryable } from "../../platform/database";
import { findAnyPerson } from "../../records/people";

/** The person an address is about. */
export type Subject = NonNullable<Awaited<ReturnType<typeof findAnyPerson>>>;

/** The person of this id, active or not. Throws a Refusal (404). */
export async function findSubject(db: Queryable, id: unknown): Promise<Subject> {
  const subject = isUuid(id) ? await findAnyPerson(db, id) : undefined;
  if (!subject) throw new Refusal(404, "There is nobody at this address. Look for them under People.");
  return subject;
}

/** Somebody else than the administrator who asks, active or not. Throws a Refusal (404 or 403). */
export async function findOtherAccount(db: Queryable, id: unknown, ownId: string): Promise<Subject> {
  const subject = await findSubject(db, id);
  if (subject.id === ownId)
    throw new Refusal(403, "This is your own account. Change what is yours on your profile.");
  return subject;
}

/** Somebody else than the administrator who asks, and active. Throws a Refusal (404, 403 or 409). */
export async function findOther(db: Queryable, id: unknown, ownId: string): Promise<Subject> {
  const subject = await findOtherAccount(db, id, ownId);
  if (subject.deactivatedAt)
    throw new Refusal(409, "This person is deactivated, so nothing was changed. Reactivate them first.");
  return subject;
}
