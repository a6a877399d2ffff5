import Tokens from "csrf";
import { transaction } from "../platform/database";
import { insertSession, type SessionStage } from "../records/sessions";
import { addTrailEntry } from "../records/trail";
import { hashSid } from "./session-store";
import { actorOf, type Visit } from "./visit";

/**
 * Begins a session at this stage under a new id, ending the one the browser had. What is remembered across the steps
 * of signing in (when the password was given, where to go) is carried over. `secondFactor` says for the trail how the
 * person proved themselves, once they are signed in.
 */
export async function startSession(
  visit: Visit,
  personId: string,
  stage: SessionStage,
  details: { secondFactor?: string } = {},
): Promise<void> {
  const { req, desk } = visit;
  const { passwordGivenAt, returnTo } = req.session;
  const csrfSecret = csrfSecretFor(visit, personId);
  await new Promise<void>((resolve, reject) => req.session.regenerate((e) => (e ? reject(e) : resolve())));

  const { address, client } = actorOf(visit);
  const publicId = await transaction(desk.db, async (tx) => {
    const id = await insertSession(tx, { sid: hashSid(req.sessionID), personId, stage, address, client });
    if (stage === "signed-in") {
      const actor = { kind: "person" as const, personId, sessionId: id, address, client };
      await addTrailEntry(tx, { action: "session.started", actor, subjectId: personId, details });
    }
    return id;
  });

  Object.assign(req.session, {
    publicId,
    personId,
    stage,
    alive: true,
    csrfSecret,
  });
  if (passwordGivenAt !== undefined) req.session.passwordGivenAt = passwordGivenAt;
  if (returnTo !== undefined) req.session.returnTo = returnTo;
  await new Promise<void>((resolve, reject) => req.session.save((e) => (e ? reject(e) : resolve())));
}

// Kept while it is the same person, so that loading the recovery codes again is not told off as a forgery. Never taken
// from another person's session: an attacker could have planted that one, knowing its tokens.
function csrfSecretFor({ req }: Visit, personId: string): string {
  const { alive, personId: before, csrfSecret } = req.session;
  return alive && before === personId && csrfSecret ? csrfSecret : new Tokens().secretSync();
}
