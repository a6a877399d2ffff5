import Tokens from "csrf";
import { fieldsToPark } from "../base/parked-fields";
import type { Person } from "../base/person";
import { dropParkedForm, findParkedForm, insertParkedForm, parkedFormPurpose } from "../records/parked-forms";
import { type Form, readForm } from "./read-form";
import { hashSid } from "./session-store";
import type { Visit } from "./visit";

/**
 * Keeps what was typed into the form this request brings, for the page at `path`, until the same person is signed in
 * (or has confirmed their password) again in this browser. Only a form with this session's token: no other site may
 * fill in somebody's pages. False where nothing is kept.
 */
export async function parkForm({ req, desk }: Visit, path: string): Promise<boolean> {
  const { csrfSecret, row } = req.session;
  const personId = row?.personId;
  const { _csrf = "", ...form } = readForm(req);
  const fields = fieldsToPark(form);
  if (!fields || !personId || !csrfSecret || !new Tokens().verify(csrfSecret, _csrf)) return false;
  const sealedFields = desk.seal.close(Buffer.from(JSON.stringify(fields)), parkedFormPurpose(personId));
  await insertParkedForm(desk.db, { sid: hashSid(req.sessionID), personId, path, sealedFields });
  return true;
}

/** What was typed into a form of this page before its session ended. */
export async function readParkedForm({
  req,
  desk,
  person,
}: Visit & { person: Person }): Promise<Form | undefined> {
  if (req.method !== "GET" || req.session.row?.parkedFor !== req.originalUrl) return undefined;
  const sealed = await findParkedForm(desk.db, hashSid(req.sessionID), person.id, req.originalUrl);
  if (!sealed) return undefined;
  const opened = desk.seal.tryOpen(sealed, parkedFormPurpose(person.id));
  // The page without what was typed is better than no page.
  if (!opened) desk.log.error({ id: req.id, person: person.id }, "A parked form cannot be read: see doctor");
  return opened && JSON.parse(opened.plain.toString());
}

/** Drops what is parked: the person has sent a form since. */
export async function dropParked({ req, desk }: Visit): Promise<void> {
  if (req.session.row?.parkedFor) await dropParkedForm(desk.db, hashSid(req.sessionID));
}
