import { localPath } from "../../base/local-path";
import { findPasswordHash } from "../../records/people";
import { cameFrom } from "../../web/came-from";
import { leave } from "../../web/leave";
import { drawPage, type Page } from "../../web/page";
import { readForm, readQuery } from "../../web/read-form";
import { renewSession } from "../../web/start-session";
import type { PersonVisit } from "../../web/visit";

/** GET /confirm-password: asks for the password again before something sensitive. */
export async function show(visit: PersonVisit): Promise<void> {
  const from = cameFrom(visit.req, "/profile");
  const back = from.startsWith("/confirm-password") ? "/profile" : from;
  await draw(visit, { next: localPath(readQuery(visit.req).return, "/profile"), back });
}

/** POST /confirm-password: the right password leads on to where the person was going. */
export async function confirm(visit: PersonVisit): Promise<void> {
  const { desk, person, req } = visit;
  const form = readForm(req);
  const next = localPath(form.return, "/profile");
  const password = form.password ?? "";
  const ways = { next, back: localPath(form.back, "/profile") };
  if (password === "") return draw(visit, ways, mistake("Enter your password"));
  if (!(await desk.passwords.matches(password, await findPasswordHash(desk.db, person.id)))) {
    return draw(visit, ways, mistake("That is not your password. Check it and try again"));
  }
  req.session.passwordGivenAt = desk.now().getTime();
  await leave(visit, (await renewSession(visit)) === "refused" ? "/sign-in" : next);
}

function mistake(message: string): Partial<Page> {
  return { status: 422, errors: [{ field: "password", message }] };
}

function draw(
  visit: PersonVisit,
  ways: { next: string; back: string },
  page: Partial<Page> = {},
): Promise<void> {
  return drawPage(visit, "confirm-password/confirm-password", {
    title: "Confirm it's you",
    ...ways,
    ...page,
  });
}
