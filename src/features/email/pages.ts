import { isAdministrator } from "../../base/roles";
import { readBySchema } from "../../platform/form-errors";
import { findLiveApiKey } from "../../records/api-keys/api-keys";
import { leave } from "../../web/leave";
import { findOpenLink, type LinkGone, whyLinkGone } from "../../web/open-link";
import { drawPage, type Page } from "../../web/page";
import { readForm, readQuery } from "../../web/read-form";
import { countUnknownToken, guessOwn, TooManyTries } from "../../web/throttle";
import { actorOf, type PersonVisit, type Visit } from "../../web/visit";
import { askForEmailChange } from "./ask-for-email-change";
import { changeEmail } from "./change-email";
import { emailForm } from "./form";

/** GET /profile/email: asks for the new email. */
export async function show(visit: PersonVisit): Promise<void> {
  await drawForm(visit, {});
}

/** POST /profile/email: mails a link to the new address; until it is used nothing changes. */
export async function ask(visit: PersonVisit): Promise<void> {
  const { desk, person } = visit;
  const form = readForm(visit.req);
  const read = readBySchema(emailForm, form);
  if (!read.ok) return drawForm(visit, { values: form, status: 422, errors: read.errors });
  const { newEmail } = read.input;
  if (newEmail.toLowerCase() === person.email.toLowerCase()) {
    const errors = [{ field: "newEmail", message: "That is your email already. Enter the new one" }];
    return drawForm(visit, { values: form, status: 422, errors });
  }
  const asked = await guessOwn(visit, "letter", {
    make: () => askForEmailChange(desk.db, desk, actorOf(visit), person, newEmail),
    isWrong: () => true,
  });
  if (asked instanceof TooManyTries)
    return drawForm(visit, {
      values: form,
      ...asked.page("newEmail", "changes of your email were asked for"),
    });
  if (asked === "signed-out") return leave(visit, "/sign-in?return=/profile/email");
  await drawPage(visit, "email/sent", {
    title: desk.mail.configured
      ? "Check your new mailbox"
      : isAdministrator(person.roles)
        ? "Look into the server's log"
        : "Ask your administrator for the link",
    administrator: isAdministrator(person.roles),
    newEmail,
    email: person.email,
  });
}

/** GET /profile/email/confirm: asks once more, because programs that check mail open links too. */
export async function showConfirm(visit: Visit): Promise<void> {
  const { token = "" } = readQuery(visit.req);
  const found = await findOpenLink(visit.desk.db, "email-change", token);
  if ("gone" in found) return drawGone(visit, found.gone);
  const newEmail = found.link.email;
  const hasKey = await keyOf(visit, found.person.id);
  await drawPage(visit, "email/confirm", { title: "Confirm your new email", token, newEmail, hasKey });
}

/** POST /profile/email/confirm: changes the email. */
export async function confirm(visit: Visit): Promise<void> {
  const { token = "" } = readForm(visit.req);
  const { desk } = visit;
  const found = await findOpenLink(desk.db, "email-change", token);
  if ("gone" in found) return drawGone(visit, found.gone);
  const answer = await changeEmail(desk.db, desk, actorOf(visit), { personId: found.person.id, token });
  if (answer === "link-gone") return drawGone(visit, await whyLinkGone(desk.db, "email-change", token));
  const title = answer === "taken" ? "Your email was not changed" : "Your email is changed";
  await drawPage(visit, "email/changed", {
    title,
    changed: answer === "changed",
    hasKey: await keyOf(visit, found.person.id),
    status: answer === "taken" ? 409 : 200,
  });
}

async function drawForm(visit: PersonVisit, page: Partial<Page>): Promise<void> {
  const { email, id, roles } = visit.person;
  await drawPage(visit, "email/email", {
    title: "Change your email",
    email,
    hasKey: await keyOf(visit, id),
    administrator: isAdministrator(roles),
    values: {},
    ...page,
  });
}

// HTTP Basic sends the email before the key.
async function keyOf({ desk }: Visit, personId: string): Promise<boolean> {
  return (await findLiveApiKey(desk.db, { kind: "person", id: personId })) !== undefined;
}

async function drawGone(visit: Visit, state: LinkGone): Promise<void> {
  if (state === "unknown") await countUnknownToken(visit);
  await drawPage(visit, "email/link-gone", { title: "This link does not work", state, status: 410 });
}
