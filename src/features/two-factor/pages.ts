import { toDataURL } from "qrcode";
import { returnAddress } from "../../base/local-path";
import { authenticatorUri, clockMessage, makeAuthenticatorSecret } from "../../platform/one-time-code";
import { countRecoveryCodes } from "../../records/recovery-codes";
import {
  dropPending,
  findSecondFactor,
  keepPending,
  secondFactorPurpose,
} from "../../records/second-factors";
import { leave } from "../../web/leave";
import { outcomeOf } from "../../web/outcome-of";
import { drawPage, type Page } from "../../web/page";
import { readForm } from "../../web/read-form";
import { hashSid } from "../../web/session-store";
import { stepUpSession } from "../../web/start-session";
import { guessOwn, TooManyTries } from "../../web/throttle";
import { actorOf, type PersonVisit } from "../../web/visit";
import { type ConfirmAnswer, confirmAuthenticator } from "./confirm-authenticator";
import { mustEnrol, putOffEnrolment } from "./put-off-enrolment";
import { replaceRecoveryCodes } from "./replace-recovery-codes";

/** GET /two-factor/enrol: the QR code, before anything else is open. */
export async function showEnrolment(visit: PersonVisit): Promise<void> {
  await drawEnrolment(visit);
}

/** POST /two-factor/enrol: a right code enrols and signs in; the answer shows the recovery codes. */
export async function enrol(visit: PersonVisit): Promise<void> {
  const { metrics } = visit.desk;
  const answer = await confirm(visit, { reset: false });
  if (answer === "already-confirmed") return leave(visit, "/sign-in");
  if (!isDone(answer)) {
    metrics?.signIn("enrolment", outcomeOf(answer));
    return drawEnrolment(visit, failed(answer));
  }
  const stage = await stepUpSession(visit, visit.person.id, "enrolled");
  metrics?.signIn("enrolment", stage);
  if (stage === "refused") return leave(visit, "/sign-in");
  await drawRecoveryCodes(visit, answer.recoveryCodes, goOn(visit));
}

/** POST /two-factor/not-now: goes on without two-factor authentication, where that is allowed. */
export async function putOff(visit: PersonVisit): Promise<void> {
  const { desk, person } = visit;
  if ((await putOffEnrolment(desk.db, actorOf(visit), person)) === "required")
    return leave(visit, "/two-factor/enrol");
  const stage = await stepUpSession(visit, person.id, "put off");
  desk.metrics?.signIn("password", stage);
  await leave(visit, stage === "refused" ? "/sign-in" : goOn(visit));
}

/** GET /profile/two-factor/reset: the QR code of the next authenticator; the present one goes on working. */
export async function showReset(visit: PersonVisit): Promise<void> {
  await drawReset(visit);
}

/** POST /profile/two-factor/reset: a right code of the new authenticator replaces the old one at once. */
export async function reset(visit: PersonVisit): Promise<void> {
  const answer = await confirm(visit, { reset: true });
  if (answer === "already-confirmed") {
    return leave(
      visit,
      "/profile",
      "Your new authenticator is in use already. The recovery codes were shown once; you can get new ones here.",
    );
  }
  if (!isDone(answer)) return drawReset(visit, failed(answer));
  if ((await stepUpSession(visit, visit.person.id, "reset")) === "refused") return leave(visit, "/sign-in");
  await drawRecoveryCodes(visit, answer.recoveryCodes, "/profile", answer);
}

/** GET /profile/two-factor/recovery-codes: warns before new recovery codes replace the old ones. */
export async function showRecoveryCodes(visit: PersonVisit): Promise<void> {
  const left = await countRecoveryCodes(visit.desk.db, visit.person.id);
  await drawPage(visit, "two-factor/new-recovery-codes", { title: "Get new recovery codes", left });
}

/** POST /profile/two-factor/recovery-codes: ten new recovery codes, shown once. */
export async function renewRecoveryCodes(visit: PersonVisit): Promise<void> {
  const { desk, person } = visit;
  if (!(await findSecondFactor(desk.db, person.id))) return leave(visit, "/profile");
  const codes = await replaceRecoveryCodes(desk.db, desk, actorOf(visit), person);
  await drawRecoveryCodes(visit, codes, "/profile");
}

function goOn({ req, desk }: PersonVisit): string {
  return returnAddress(req.session.returnTo, "/profile", desk.returnOrigins);
}

async function confirm(
  visit: PersonVisit,
  { reset }: { reset: boolean },
): Promise<ConfirmAnswer | TooManyTries> {
  const { desk, person, req } = visit;
  const { code = "", secondFactor = "" } = readForm(req);
  const actor = { ...actorOf(visit), sessionId: req.session.row?.id ?? "" };
  const tools = { seal: desk.seal, pepper: desk.pepper, now: desk.now() };
  const request = {
    personId: person.id,
    sid: hashSid(req.sessionID),
    typed: code,
    secondFactorId: secondFactor,
    reset,
  };
  return guessOwn(visit, "code", {
    make: () => confirmAuthenticator(desk.db, tools, actor, request),
    isWrong: (answer) => answer === "wrong" || (typeof answer === "object" && "clock" in answer),
  });
}

type Done = Extract<ConfirmAnswer, { recoveryCodes: string[] }>;

function isDone(answer: ConfirmAnswer | TooManyTries): answer is Done {
  return typeof answer === "object" && "recoveryCodes" in answer;
}

function failed(answer: Exclude<ConfirmAnswer, Done | "already-confirmed"> | TooManyTries): Partial<Page> {
  if (answer instanceof TooManyTries) return answer.page("code", "wrong codes");
  const message = typeof answer === "object" ? clockMessage(answer.clock) : FAILED[answer];
  return { status: 422, errors: [{ field: "code", message }] };
}

const FAILED = {
  malformed: "Enter the 6 digits your authenticator app shows",
  wrong: "That code is not right. Enter the one your app shows now for this QR code",
  lapsed: "The QR code you scanned has lapsed. Scan this new one and enter its code",
};

async function drawEnrolment(visit: PersonVisit, page: Partial<Page> = {}): Promise<void> {
  const optional = !(await mustEnrol(visit.desk.db, visit.person));
  await drawSetUp(visit, "two-factor/enrol", {
    title: "Set up two-factor authentication",
    optional,
    ...page,
  });
}

async function drawReset(visit: PersonVisit, page: Partial<Page> = {}): Promise<void> {
  const enrolled = (await findSecondFactor(visit.desk.db, visit.person.id)) !== undefined;
  const title = enrolled ? "Reset Two-Factor Authentication" : "Set Up Two-Factor Authentication";
  await drawSetUp(visit, "two-factor/reset", { title, enrolled, ...page });
}

async function drawSetUp(visit: PersonVisit, view: string, page: Page): Promise<void> {
  const pending = await pendingAuthenticator(visit);
  if (!pending) return leave(visit, "/sign-in");
  const { id: secondFactorId, secret } = pending;
  const uri = authenticatorUri(secret, visit.person.email, "Latchkey");
  const qrCode = await toDataURL(uri, { margin: 4, scale: 4, errorCorrectionLevel: "M" });
  await drawPage(visit, view, { ...page, qrCode, authenticatorUri: uri, secret, secondFactorId });
}

/** The authenticator this session is enrolling; undefined when the session has ended meanwhile. */
async function pendingAuthenticator(visit: PersonVisit): Promise<{ id: string; secret: string } | undefined> {
  const { desk, person, req } = visit;
  const purpose = secondFactorPurpose(person.id);
  const sid = hashSid(req.sessionID);
  const secret = makeAuthenticatorSecret();
  const offered = { sid, personId: person.id, sealedSecret: desk.seal.close(Buffer.from(secret), purpose) };
  const pending = await keepPending(desk.db, offered);
  if (!pending) return undefined;
  const opened = desk.seal.tryOpen(pending.sealedSecret, purpose);
  if (opened) return { id: pending.id, secret: opened.plain.toString() };
  // One that cannot be read could not be confirmed either: nobody has it yet, so a new one takes its place.
  await dropPending(desk.db, sid);
  const renewed = await keepPending(desk.db, offered);
  return renewed && { id: renewed.id, secret: desk.seal.open(renewed.sealedSecret, purpose).toString() };
}

async function drawRecoveryCodes(
  visit: PersonVisit,
  recoveryCodes: string[],
  next: string,
  { replaced = false } = {},
): Promise<void> {
  await drawPage(visit, "two-factor/recovery-codes", {
    title: "Your recovery codes",
    recoveryCodes,
    next,
    replaced,
  });
}
