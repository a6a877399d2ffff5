import { randomUUID } from "node:crypto";
import { isUuid } from "../../../base/uuid";
import { readBySchema } from "../../../platform/form-errors";
import { leave } from "../../../web/leave";
import { drawPage, type Page } from "../../../web/page";
import { readForm } from "../../../web/read-form";
import { actorOf, type PersonVisit } from "../../../web/visit";
import { findOther, type Subject } from "../find-subject";
import { reasonForm } from "../form";
import { givePasswordLink } from "./give-password-link";

/** GET /admin/people/:id/password-link: asks why. */
export async function confirm(visit: PersonVisit): Promise<void> {
  await draw(visit, await subjectOf(visit));
}

/** POST /admin/people/:id/password-link: makes the link, and shows it this once. */
export async function give(visit: PersonVisit): Promise<void> {
  const { desk } = visit;
  const form = readForm(visit.req);
  const subject = await subjectOf(visit);
  const { reason = "" } = form;
  const read = readBySchema(reasonForm, form);
  if (!read.ok) return draw(visit, subject, { status: 422, errors: read.errors, reason });
  const linkId = isUuid(form.link) ? form.link : randomUUID();
  const given = await givePasswordLink(desk.db, desk, actorOf(visit), subject.id, {
    linkId,
    reason: read.input.reason,
  });
  if (given === "given-already") return draw(visit, subject, { status: 409, givenAlready: true, reason });
  if (given === "not-active") return leave(visit, `/admin/people/${subject.id}`);
  const title = "Link for a new password";
  await drawPage(visit, "admin-people/password-link-made", { title, subject, url: given.url });
}

function subjectOf({ req, desk, person }: PersonVisit): Promise<Subject> {
  return findOther(desk.db, req.params.id, person.id);
}

// Each drawing of the form names a link of its own, so that only sending the same page twice counts as twice.
async function draw(visit: PersonVisit, subject: Subject, page: Partial<Page> = {}): Promise<void> {
  const title = "Give a link for a new password";
  const link = randomUUID();
  await drawPage(visit, "admin-people/password-link", { title, subject, link, reason: "", ...page });
}
