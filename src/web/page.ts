import type { Person } from "../base/person";
import type { FormErrors } from "../platform/form-errors";
import { pageOf } from "./came-from";
import { secondsAfterActivity } from "./look-at-session";
import { readParkedForm } from "./park-form";
import { placesFor } from "./places";
import { sendHtml } from "./send-html";
import { told } from "./told";
import type { Views } from "./views";
import type { Visit } from "./visit";

/** What every page is drawn with; views read the rest by name. */
export type Page = {
  title: string;
  /** 200 unless given; 422 for a form that was sent with mistakes. */
  status?: number;
  errors?: FormErrors;
  /** With 429 and 503: when it is worth sending it again. */
  retryAfterSeconds?: number;
  [local: string]: unknown;
};

const PARKED_NOTICE =
  "Nothing of this is saved yet: here is what you had typed before you were asked for your password. Look it over and send it once more.";

const TITLE_CHARACTERS = 40;

/** What the browser's tab says before the product's name: a long name is cut, as every tab would cut it. */
function tabTitle(title: string, mistakes: boolean): string {
  const characters = [...title];
  const short =
    characters.length > TITLE_CHARACTERS ? `${characters.slice(0, TITLE_CHARACTERS).join("")}…` : title;
  return `${mistakes ? "Error: " : ""}${short}`;
}

/** Draws a view inside the layout and sends it. */
export async function drawPage(visit: Visit & { person?: Person }, view: string, page: Page): Promise<void> {
  const { req, res, desk, person } = visit;
  const { status = 200, errors = [], retryAfterSeconds } = page;
  const notice = await takeNotice(visit);
  const signedIn = person && req.session?.row?.stage === "signed-in" ? person : undefined;
  const parked = person && status === 200 ? await readParkedForm({ person, ...visit }) : undefined;
  // Written out, as one of one shape is drawn from faster: what is the page's own is read beneath it.
  const shared = {
    parked,
    status,
    errors,
    tabTitle: tabTitle(page.title, errors.length > 0),
    values: parked ? { ...(page.values as object | undefined), ...parked } : page.values,
    notice: parked ? PARKED_NOTICE : (page.notice ?? notice),
    noticeKind: parked ? "warning" : page.notice ? "information" : "success",
    csrfToken: req.csrfToken?.() ?? "",
    signedIn,
    mailIsConfigured: desk.mail.configured,
    told: told(desk),
    endsIn: page.endsIn ?? (signedIn && secondsAfterActivity(req)),
    here: pageOf(visit),
    places: person && placesFor(person, req.path),
    body: "",
  };
  const { views } = res.app.locals as { views: Views };
  shared.body = views(view, shared, page);
  const html = views("layout", shared, page);
  if (retryAfterSeconds !== undefined) res.set("Retry-After", String(retryAfterSeconds));
  res.status(status);
  await sendHtml(req, res, html, { holdsSecret: page.secret !== undefined });
}

async function takeNotice({ req }: Visit): Promise<string | undefined> {
  const notice = req.session?.notice;
  if (!notice) return undefined;
  delete req.session.notice;
  // Saved before the page is sent, so that the next click cannot find the same notice again.
  await new Promise<void>((resolve, reject) =>
    req.session.save((error) => (error ? reject(error) : resolve())),
  );
  return notice;
}
