import { OWN_ROLES } from "../../base/roles";
import { readBySchema } from "../../platform/form-errors";
import { countOpenInvitations } from "../../records/links";
import { listActivePeople, listPeople } from "../../records/people-list";
import { listRoles } from "../../records/roles";
import { leave } from "../../web/leave";
import { drawPage, type Page } from "../../web/page";
import { type Form, readForm, readQuery } from "../../web/read-form";
import { told } from "../../web/told";
import { actorOf, type PersonVisit } from "../../web/visit";
import { readTicked, reasonForm } from "./form";
import { readListQuery } from "./read-query";
import { resetTwoFactor } from "./reset-two-factor";

/** People on one page of the list. A form with all of them ticked stays below the most fields a form may have. */
const PAGE = 50;

/** GET /admin/people: everybody by name, searched and filtered, a page at a time. */
export async function show(visit: PersonVisit): Promise<void> {
  const { desk, person } = visit;
  const query = readQuery(visit.req);
  const { filter, place } = readListQuery(query);
  // One more than is shown tells whether there are further ones in the direction of reading.
  const found = await listPeople(desk.db, filter, place, PAGE + 1);
  const backward = place.at === "last" || place.at === "before";
  const people = backward ? found.slice(-PAGE) : found.slice(0, PAGE);
  const more = found.length > PAGE;
  await drawPage(visit, "admin-people/people", {
    title: "People",
    people,
    ownId: person.id,
    invitations: await countOpenInvitations(desk.db),
    query: { q: query.q ?? "", role: filter.role, status: filter.status },
    roles: [...OWN_ROLES, ...(await listRoles(desk.db))],
    earlier: backward ? more : place.at === "after",
    later: backward ? place.at === "before" : more,
  });
}

/** GET /admin/people/reset-two-factor: those ticked in the list, and why. */
export async function confirmResetSeveral(visit: PersonVisit): Promise<void> {
  await drawSeveral(visit, readQuery(visit.req));
}

/** POST /admin/people/reset-two-factor: resets it for all of them. */
export async function resetSeveral(visit: PersonVisit): Promise<void> {
  const { desk } = visit;
  const form = readForm(visit.req);
  const read = readBySchema(reasonForm, form);
  if (!read.ok) return drawSeveral(visit, form, { status: 422, errors: read.errors });
  const ids = readTicked(form);
  const done = await resetTwoFactor(desk.db, desk.seal, actorOf(visit), ids, read.input.reason);
  const people = done === 1 ? "1 person" : `${done} people`;
  const notice =
    done === 0
      ? "Nothing was changed: nobody chosen has two-factor authentication at the moment."
      : `Two-factor authentication is reset for ${people}. They enrol at next sign-in. ${told(desk)}`;
  await leave(visit, "/admin/people", notice);
}

async function drawSeveral(visit: PersonVisit, form: Form, page: Partial<Page> = {}): Promise<void> {
  const { desk, person } = visit;
  const ticked = await listActivePeople(desk.db, readTicked(form).slice(0, PAGE));
  const others = ticked.filter(({ id }) => id !== person.id);
  await drawPage(visit, "admin-people/reset-several", {
    title: "Reset Two-Factor Authentication",
    people: others.filter(({ twoFactor }) => twoFactor),
    leftOut: others.filter(({ twoFactor }) => !twoFactor),
    reason: form.reason ?? "",
    ...page,
  });
}
