import type { Person } from "../../base/person";
import type { FormErrors } from "../../platform/form-errors";
import { passwordProblem } from "../../platform/password-strength";
import { leave } from "../../web/leave";
import { drawPage, type Page } from "../../web/page";
import { type Form, readForm } from "../../web/read-form";
import { stepUpSession } from "../../web/start-session";
import { guessOwn, TooManyTries } from "../../web/throttle";
import { actorOf, type PersonVisit } from "../../web/visit";
import { changePassword } from "./change-password";

/** GET /profile/password: current and new password. */
export async function show(visit: PersonVisit): Promise<void> {
  await draw(visit, {});
}

/** POST /profile/password: changes the password and signs out everywhere else. */
export async function change(visit: PersonVisit): Promise<void> {
  const { desk, person, req } = visit;
  const form = readForm(req);
  const { currentPassword = "", newPassword = "" } = form;
  const mistakes = findMistakes(form, person);
  if (mistakes.length > 0) return drawWrong(visit, mistakes);
  const actor = { ...actorOf(visit), sessionId: req.session.row?.id ?? "" };
  const given = { current: currentPassword, next: newPassword };
  const answer = await guessOwn(visit, "password", {
    make: () => changePassword(desk.db, desk, actor, person, given),
    isWrong: (given) => given === "wrong-password",
  });
  if (answer instanceof TooManyTries) return draw(visit, answer.page("currentPassword", "wrong passwords"));
  if (answer !== "changed") return drawWrong(visit, [{ field: "currentPassword", message: REFUSED[answer] }]);
  req.session.passwordGivenAt = desk.now().getTime();
  if ((await stepUpSession(visit, person.id, "password change")) === "refused")
    return leave(visit, "/sign-in");
  await leave(visit, "/profile", "Your password is changed, and you are signed out everywhere else.");
}

const REFUSED = {
  "wrong-password": "That is not your current password. Check it and try again",
  "changed-meanwhile": "Your password was changed elsewhere a moment ago. Enter the current one",
};

function findMistakes({ currentPassword = "", newPassword = "" }: Form, person: Person): FormErrors {
  const mistakes: FormErrors = [];
  if (currentPassword === "")
    mistakes.push({ field: "currentPassword", message: "Enter your current password" });
  const problem = passwordProblem(newPassword, [person.firstName, person.lastName, person.email]);
  if (problem) mistakes.push({ field: "newPassword", message: problem });
  return mistakes;
}

function drawWrong(visit: PersonVisit, errors: FormErrors): Promise<void> {
  return draw(visit, { status: 422, errors });
}

function draw(visit: PersonVisit, page: Partial<Page>): Promise<void> {
  return drawPage(visit, "password/password", { title: "Change your password", ...page });
}
