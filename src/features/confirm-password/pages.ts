import { localPath } from "../../base/local-path";
import { findPasswordHash, verifyPassword } from "../../records/people";
import { cameFrom } from "../../web/came-from";
import { leave } from "../../web/leave";
import { drawPage, type Page } from "../../web/page";
import { readForm, readQuery } from "../../web/read-form";
import { renewSession } from "../../web/start-session";
import { guessOwn, TooManyTries } from "../../web/throttle";
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
  const right = await guessOwn(visit, "password", {
    make: async () => {
      const passwordHash = await findPasswordHash(desk.db, person.id);
      return verifyPassword(desk.db, desk.passwords, password, { id: person.id, passwordHash });
    },
    isWrong: (hash) => hash === undefined,
  });
  if (right instanceof TooManyTries) return draw(visit, ways, right.page("password", "wrong passwords"));
  if (!right) {
    return draw(visit, ways, mistake("That is not your password. Check it and try again"));
  }
  req.session.passwordGivenAt = desk.now().getTime();
  await leave(visit, (await renewSession(visit)) === "refused" ? "/sign-in" : next);
}

// What the password is asked for, by the start of the address one was going to.
const PURPOSES = [
  ["/profile/two-factor/recovery-codes", "to get new recovery codes"],
  ["/profile/two-factor", "to reset two-factor authentication"],
  ["/profile/email", "to change your email"],
  ["/profile/api-key/generate", "to generate your API key"],
  ["/profile/api-key/regenerate", "to regenerate your API key"],
  ["/profile/api-key/revoke", "to revoke your API key"],
  ["/admin/people/invite", "to invite people"],
  ["/admin/people/", "to change somebody's account"],
  ["/admin/service-accounts", "to change service accounts"],
  ["/admin/settings", "to change the settings"],
] as const;

function purposeOf(next: string): string {
  return PURPOSES.find(([start]) => next.startsWith(start))?.[1] ?? "before you go on";
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
    purpose: purposeOf(ways.next),
    ...ways,
    ...page,
  });
}
