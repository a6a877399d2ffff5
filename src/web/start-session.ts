import Tokens from "csrf";
import type { Request } from "express";
import type { SessionData } from "express-session";
import { type Queryable, transaction } from "../platform/database";
import { handOnParkedForm } from "../records/parked-forms";
import { findPasswordHash, lockPerson } from "../records/people";
import type { SessionStage } from "../records/sessions/lookups";
import { deleteSessionBySid, insertSession, renameSession } from "../records/sessions/sessions";
import { addTrailEntry } from "../records/trail";
import { hashSid, withRow } from "./session-store";
import { tellOfNewDevice } from "./tell-of-new-device";
import { actorOf, type Visit } from "./visit";

/** How a session begins: at which stage, and how the person proved themselves (for the trail). */
type Beginning = {
  personId: string;
  /** The hash of the password that was right; one replaced meanwhile begins no session. */
  passwordHash: string;
  /** Decided while the person's row is locked, so that an enrolment at the same moment is seen. */
  stage: (tx: Queryable) => Promise<SessionStage>;
  secondFactor: string;
};

/**
 * Begins a session under a new id after a right password, ending the one the browser had, whosever it was. Returns the
 * stage it begins at; "refused" when the person was deactivated, or the password changed, meanwhile.
 */
export async function startSession(visit: Visit, beginning: Beginning): Promise<SessionStage | "refused"> {
  return replaceSession(visit, beginning, {});
}

/**
 * Puts a signed-in session under a new id in the place of the present one, half signed in or not. "refused" when that
 * one has ended meanwhile: signing out, a reset or a password change must not be outrun by a request under way.
 */
export async function stepUpSession(
  visit: Visit,
  personId: string,
  secondFactor: string,
): Promise<"signed-in" | "refused"> {
  const steppedUp = { personId, stage: async () => "signed-in" as const, secondFactor };
  const stage = await replaceSession(visit, steppedUp, { mustBeAlive: true });
  return stage === "refused" ? stage : "signed-in";
}

/** Gives the present session a new id, as after confirming the password; a copied cookie gains nothing by it. */
export async function renewSession({ req, desk }: Visit): Promise<"renewed" | "refused"> {
  const { row } = req.session;
  const remembered: Partial<SessionData> = { ...req.session };
  const oldSid = takeNewSid(req);
  if (!(await renameSession(desk.db, oldSid, hashSid(req.sessionID)))) return "refused";
  const personId = row?.personId;
  if (personId) await handOnParkedForm(desk.db, oldSid, hashSid(req.sessionID), personId);
  const { cookie, before, ...rest } = remembered;
  Object.assign(req.session, rest);
  if (row) withRow(req.session, row);
  await save(req);
  return "renewed";
}

async function replaceSession(
  visit: Visit,
  { personId, passwordHash, stage, secondFactor }: Omit<Beginning, "passwordHash"> & Partial<Beginning>,
  { mustBeAlive = false },
): Promise<SessionStage | "refused"> {
  const { req, desk } = visit;
  const { address, client } = actorOf(visit);
  const { passwordGivenAt, returnTo } = req.session;
  const csrfSecret = csrfSecretFor(req, personId);
  const wasSignedIn = req.session.row?.alive && req.session.row.stage === "signed-in";
  const oldSid = takeNewSid(req);

  const begun = await transaction(desk.db, async (tx) => {
    const person = await lockPerson(tx, personId);
    if (!person) return "refused";
    if (passwordHash !== undefined && (await findPasswordHash(tx, personId)) !== passwordHash)
      return "refused";
    const wasAlive = await deleteSessionBySid(tx, oldSid, personId);
    await handOnParkedForm(tx, oldSid, hashSid(req.sessionID), personId);
    if (mustBeAlive && !wasAlive) return "refused";
    const at = await stage(tx);
    const sid = hashSid(req.sessionID);
    const id = await insertSession(tx, { sid, personId, stage: at, address, client, before: oldSid });
    if (at === "signed-in") {
      if (!(wasSignedIn && wasAlive)) await tellOfNewDevice(tx, desk, person, { address, client });
      const actor = { kind: "person" as const, personId, sessionId: id, address, client };
      await addTrailEntry(tx, {
        action: "session.started",
        actor,
        subjectId: personId,
        details: { secondFactor },
      });
    }
    return { id, stage: at };
  });
  if (begun === "refused") return begun;

  withRow(req.session, { ...begun, personId, alive: true });
  req.session.csrfSecret = csrfSecret;
  if (passwordGivenAt !== undefined) req.session.passwordGivenAt = passwordGivenAt;
  if (returnTo !== undefined) req.session.returnTo = returnTo;
  await save(req);
  return begun.stage;
}

/** Lets the request go on under a new session id; returns the stored name of the old one, whose row is untouched. */
function takeNewSid(req: Request): string {
  const oldSid = hashSid(req.sessionID);
  req.sessionStore.generate(req);
  req.session.before = oldSid;
  return oldSid;
}

function save(req: Request): Promise<void> {
  return new Promise((resolve, reject) => req.session.save((error) => (error ? reject(error) : resolve())));
}

// Kept for the same person, so that loading the recovery codes again is not told off as a forgery. Never taken from
// another person's session, nor from one that waits for a code: an attacker who knows the password could have planted
// that one, knowing its tokens.
function csrfSecretFor(req: Request, personId: string): string {
  const { row, csrfSecret } = req.session;
  const same = row?.alive && row.personId === personId && row.stage !== "code";
  return same && csrfSecret ? csrfSecret : new Tokens().secretSync();
}
