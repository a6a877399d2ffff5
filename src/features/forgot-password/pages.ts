import { setTimeout as pause } from "node:timers/promises";
import { readBySchema } from "../../platform/form-errors";
import { passwordProblem } from "../../platform/password-strength";
import { leave } from "../../web/leave";
import { findOpenLink, type LinkGone, whyLinkGone } from "../../web/open-link";
import { drawPage, type Page } from "../../web/page";
import { readForm, readQuery } from "../../web/read-form";
import { countUnknownToken, forgetGuesses, guess, TooManyTries } from "../../web/throttle";
import { actorOf, type Visit } from "../../web/visit";
import { askForReset } from "./ask-for-reset";
import { forgotPasswordForm } from "./form";
import { resetPassword } from "./reset-password";

// Longer than the work takes where there is an account, so that the time tells nobody whether there is one.
const ANSWER_AFTER_MS = 300;

/** GET /forgot-password: asks for the email. */
export async function show(visit: Visit): Promise<void> {
  await drawAsk(visit, {});
}

/** POST /forgot-password: the same answer, after the same time, whether or not there is such an account. */
export async function ask(visit: Visit): Promise<void> {
  const form = readForm(visit.req);
  const read = readBySchema(forgotPasswordForm, form);
  if (!read.ok) return drawAsk(visit, { values: form, status: 422, errors: read.errors });
  const { desk } = visit;
  const { email } = read.input;
  const asked = await guess(visit, "letter", email, {
    make: () => Promise.all([askForReset(desk.db, desk, actorOf(visit), email), pause(ANSWER_AFTER_MS)]),
    isWrong: () => true,
  });
  if (asked instanceof TooManyTries)
    return drawAsk(visit, { values: form, ...asked.page("email", "links were asked for with this email") });
  await drawPage(visit, "forgot-password/sent", {
    title: desk.mail.configured ? "Check your mailbox" : "Ask your administrator for the link",
    email,
  });
}

/** GET /reset-password: the form for a new password, or why the link does not work. Uses nothing up. */
export async function showReset(visit: Visit): Promise<void> {
  const { token = "" } = readQuery(visit.req);
  const found = await findOpenLink(visit.desk.db, "password-reset", token);
  if ("gone" in found) return drawGone(visit, found.gone);
  await drawReset(visit, token, found.person.email, {});
}

/** POST /reset-password: saves the new password and leads to the sign-in page. */
export async function reset(visit: Visit): Promise<void> {
  const { desk } = visit;
  const { token = "", newPassword = "" } = readForm(visit.req);
  const found = await findOpenLink(desk.db, "password-reset", token);
  if ("gone" in found) return drawGone(visit, found.gone);
  const { firstName, lastName, email } = found.person;
  const message = passwordProblem(newPassword, [firstName, lastName, email]);
  if (message)
    return drawReset(visit, token, email, { status: 422, errors: [{ field: "newPassword", message }] });
  const given = { personId: found.person.id, token, newPassword };
  const answer = await resetPassword(desk.db, desk, actorOf(visit), given);
  if (answer === "link-gone") return drawGone(visit, await whyLinkGone(desk.db, "password-reset", token));
  await forgetGuesses(visit, email);
  await leave(visit, "/sign-in?notice=password-saved");
}

function drawAsk(visit: Visit, page: Partial<Page>): Promise<void> {
  return drawPage(visit, "forgot-password/forgot-password", {
    title: "Forgotten your password?",
    values: {},
    ...page,
  });
}

function drawReset(visit: Visit, token: string, email: string, page: Partial<Page>): Promise<void> {
  return drawPage(visit, "forgot-password/reset-password", {
    title: "Choose a new password",
    token,
    email,
    ...page,
  });
}

async function drawGone(visit: Visit, state: LinkGone): Promise<void> {
  if (state === "unknown") await countUnknownToken(visit);
  await drawPage(visit, "forgot-password/link-gone", {
    title: "This link does not work",
    state,
    status: 410,
  });
}
