import { hashLinkToken } from "../../base/link-token";
import { readBySchema } from "../../platform/form-errors";
import { findLink, type Link } from "../../records/links";
import { drawPage, type Page } from "../../web/page";
import { readForm, readQuery } from "../../web/read-form";
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
  await askForEmailChange(desk.db, desk, actorOf(visit), person, newEmail);
  await drawPage(visit, "email/sent", {
    title: "Look into your new mailbox",
    newEmail,
    email: person.email,
    mailIsConfigured: desk.mail.configured,
  });
}

/** GET /profile/email/confirm: asks once more, because programs that check mail open links too. */
export async function showConfirm(visit: Visit): Promise<void> {
  const { token = "" } = readQuery(visit.req);
  const link = await findLink(visit.desk.db, "email-change", hashLinkToken(token));
  if (link?.state !== "open") return drawGone(visit, link?.state ?? "unknown");
  await drawPage(visit, "email/confirm", { title: "Confirm your new email", token, newEmail: link.email });
}

/** POST /profile/email/confirm: changes the email. */
export async function confirm(visit: Visit): Promise<void> {
  const { token = "" } = readForm(visit.req);
  const answer = await changeEmail(visit.desk.db, visit.desk, actorOf(visit), token);
  if (answer === "link-gone") return drawGone(visit, "used");
  const title = answer === "taken" ? "Your email was not changed" : "Your email is changed";
  await drawPage(visit, "email/changed", {
    title,
    changed: answer === "changed",
    status: answer === "taken" ? 409 : 200,
  });
}

function drawForm(visit: PersonVisit, page: Partial<Page>): Promise<void> {
  const { email } = visit.person;
  return drawPage(visit, "email/email", { title: "Change your email", email, values: {}, ...page });
}

function drawGone(visit: Visit, state: Link["state"] | "unknown"): Promise<void> {
  return drawPage(visit, "email/link-gone", { title: "This link does not work", state, status: 410 });
}
