import { addressOn, returnAddress } from "../../base/local-path";
import { describeTimeout } from "../../base/session-timeout";
import { readBySchema } from "../../platform/form-errors";
import { clockMessage } from "../../platform/one-time-code";
import { cameWithCookie, cookieTrouble } from "../../web/cookie-trouble";
import { leave } from "../../web/leave";
import { outcomeOf } from "../../web/outcome-of";
import { drawPage, type Page } from "../../web/page";
import { pageOfStage } from "../../web/page-of-stage";
import { readForm, readQuery } from "../../web/read-form";
import { startSession, stepUpSession } from "../../web/start-session";
import { guess, TooManyTries } from "../../web/throttle";
import { actorOf, type PersonVisit, type Visit } from "../../web/visit";
import { acceptCode } from "./accept-code";
import { acceptRecoveryCode } from "./accept-recovery-code";
import { checkPassword } from "./check-password";
import { findNextStep } from "./find-next-step";
import { signInForm } from "./form";
import { CODE_MESSAGES, PASSWORD_MESSAGES, RECOVERY_MESSAGES } from "./messages";

/** GET /sign-in: email and password; says first why somebody was signed out, or that set-up is pending. */
export async function show(visit: Visit): Promise<void> {
  const { session } = visit.req;
  const query = readQuery(visit.req);
  if (session.row?.alive && session.row.stage === "signed-in")
    return leave(visit, returnAddress(query.return, "/profile", visit.desk.returnOrigins));
  const returnTo = returnAddress(query.return, "", visit.desk.returnOrigins);
  await drawSignIn(visit, { returnTo, notice: noticeFor(visit, query.notice) ?? whereTo(visit, returnTo) });
}

/** POST /sign-in: a right password leads to the second step. */
export async function givePassword(visit: Visit): Promise<void> {
  const { desk, req } = visit;
  const form = readForm(req);
  const returnTo = returnAddress(form.return, "", desk.returnOrigins);
  const values = { email: form.email ?? "" };
  const read = readBySchema(signInForm, form);
  if (!read.ok) return drawSignIn(visit, { returnTo, values, status: 422, errors: read.errors });
  const { email, password } = read.input;
  desk.passwords.mustHaveRoom(true);
  const person = await guess(visit, "password", email, {
    before: desk.passwords.mustHaveRoom,
    make: (known) => checkPassword(desk.db, desk.passwords, email, password, known),
    isWrong: (found) => found === "wrong",
  });
  if (person instanceof TooManyTries) {
    desk.metrics?.signIn("password", "throttled");
    return drawSignIn(visit, { returnTo, values, ...person.page("email", "wrong passwords for this email") });
  }
  if (typeof person === "string") {
    desk.metrics?.signIn("password", person);
    const errors = [{ field: "email", message: PASSWORD_MESSAGES[person] }];
    return drawSignIn(visit, { returnTo, values, status: 422, errors });
  }
  req.session.passwordGivenAt = desk.now().getTime();
  req.session.returnTo = returnTo || "/profile";
  const stage = await startSession(visit, {
    personId: person.id,
    passwordHash: person.passwordHash,
    stage: (tx) => findNextStep(tx, person),
    secondFactor: "none",
  });
  desk.metrics?.signIn("password", stage);
  if (stage === "refused") return leave(visit, "/sign-in");
  // By way of the sign-in page, which sends on whoever comes with the cookie and tells the others that it is missing.
  const goingOn = `/sign-in?notice=no-cookie&return=${encodeURIComponent(goOn(visit))}`;
  await leave(visit, stage === "signed-in" ? goingOn : pageOfStage(stage));
}

/** GET /sign-in/two-factor: asks for the one-time code. */
export async function showCode(visit: PersonVisit): Promise<void> {
  await drawPage(visit, "sign-in/two-factor", { title: "Enter your one-time code" });
}

/** POST /sign-in/two-factor: a right code, accepted once, signs in. */
export async function giveCode(visit: PersonVisit): Promise<void> {
  const { desk, person } = visit;
  const { code = "" } = readForm(visit.req);
  const answer = await guess(visit, "code", person.email, {
    make: (known) => acceptCode(desk.db, desk, actorOf(visit), person, { code, known }),
    isWrong: (given) => given === "wrong" || given === "closed" || typeof given === "object",
  });
  if (answer !== "accepted") {
    desk.metrics?.signIn("one-time code", outcomeOf(answer));
    if (answer === "unreadable")
      desk.log.error({ id: visit.req.id, person: person.id }, "An authenticator cannot be read: see doctor");
    const mistake = answer instanceof TooManyTries ? answer.page("code", "wrong codes") : wrongCode(answer);
    return drawPage(visit, "sign-in/two-factor", { title: "Enter your one-time code", ...mistake });
  }
  const stage = await stepUpSession(visit, person.id, "one-time code");
  desk.metrics?.signIn("one-time code", stage);
  await leave(visit, stage === "refused" ? "/sign-in" : goOn(visit));
}

/** GET /sign-in/recovery-code: asks for a recovery code instead. */
export async function showRecoveryCode(visit: PersonVisit): Promise<void> {
  await drawPage(visit, "sign-in/recovery-code", { title: "Use a recovery code" });
}

/** POST /sign-in/recovery-code: an unused recovery code signs in, and the next page says how many are left. */
export async function giveRecoveryCode(visit: PersonVisit): Promise<void> {
  const { desk, person } = visit;
  const { recoveryCode = "" } = readForm(visit.req);
  const answer = await guess(visit, "code", person.email, {
    make: (known) => acceptRecoveryCode(desk.db, desk, actorOf(visit), person, { code: recoveryCode, known }),
    isWrong: (given) => given === "wrong" || given === "closed",
  });
  if (typeof answer === "string" || answer instanceof TooManyTries) {
    desk.metrics?.signIn("recovery code", outcomeOf(answer));
    const mistake =
      typeof answer === "string"
        ? { status: 422, errors: [{ field: "recoveryCode", message: RECOVERY_MESSAGES[answer] }] }
        : answer.page("recoveryCode", "wrong codes");
    return drawPage(visit, "sign-in/recovery-code", { title: "Use a recovery code", ...mistake });
  }
  const stage = await stepUpSession(visit, person.id, "recovery code");
  desk.metrics?.signIn("recovery code", stage);
  await leave(visit, stage === "refused" ? "/sign-in" : goOn(visit), leftNotice(answer.left));
}

function wrongCode(answer: Exclude<Awaited<ReturnType<typeof acceptCode>>, "accepted">): Partial<Page> {
  const message = typeof answer === "string" ? CODE_MESSAGES[answer] : clockMessage(answer.clock);
  return { status: answer === "unreadable" ? 503 : 422, errors: [{ field: "code", message }] };
}

function leftNotice(left: number): string {
  const codes = left === 1 ? "1 recovery code" : `${left} recovery codes`;
  return `You used a recovery code and have ${codes} left. If your authenticator is gone, reset two-factor authentication now.`;
}

function goOn({ req, desk }: Visit): string {
  return returnAddress(req.session.returnTo, "/profile", desk.returnOrigins);
}

function noticeFor(visit: Visit, asked: string | undefined): string | undefined {
  const { req } = visit;
  const { row } = req.session;
  const unsaved = asked === "not-saved" ? "What was sent after that was not saved. " : "";
  const andThen =
    row?.parkedFor && !unsaved
      ? "What you typed is kept for 15 minutes: sign in, and it is there."
      : `${unsaved}Sign in to go on where you were.`;
  if (asked === "signed-out") return "You have signed out.";
  if (asked === "password-saved")
    return "Your new password is saved. Sign in with it. An API key keeps working until you revoke it on your profile.";
  if (asked === "no-cookie" && !cameWithCookie(visit)) {
    const { host, origin } = visit.desk.baseUrl;
    return `Signing in needs a cookie, and your browser sent none. Allow cookies for ${host}, open ${origin} and sign in again.`;
  }
  // A browser that still has its cookie on the way to some page, for a session that is not there any more.
  if (!row && cameWithCookie(visit) && readQuery(visit.req).return)
    return `Your session has ended. ${andThen}`;
  if (!row && unsaved)
    return "You are not signed in, so what was sent was not saved. Sign in to go on where you were.";
  if (!row || row.alive) return undefined;
  if (row.stage !== "signed-in") return "Signing in was not finished in time. Start again.";
  if (row.endedBy === "idle-timeout")
    return `You were signed out after ${describeTimeout(row.idleTimeout ?? 0)} without activity. ${andThen}`;
  if (row.endedBy === "absolute-lifetime")
    return `You were signed out because a session lasts ${describeTimeout(row.absoluteLifetime ?? 0)} at most. ${andThen}`;
  return `Your session has ended. ${unsaved}Sign in again.`;
}

// To an application that somebody came from, so that they know what they are signing in to.
function whereTo({ desk }: Visit, returnTo: string): string | undefined {
  const application = addressOn(returnTo, desk.returnOrigins);
  return application && `Sign in to go on to ${application.host}.`;
}

async function drawSignIn(visit: Visit, page: Partial<Page> & { returnTo: string }): Promise<void> {
  const setUpIsPending = !(await visit.desk.isSetUp());
  const { row } = visit.req.session;
  const begunAt = row?.alive ? pageOfStage(row.stage) : undefined;
  await drawPage(visit, "sign-in/sign-in", {
    title: "Sign in",
    values: { email: "" },
    setUpIsPending,
    begunAt,
    cookieTrouble: cookieTrouble(visit)?.sentence,
    notice: whereTo(visit, page.returnTo),
    ...page,
  });
}
