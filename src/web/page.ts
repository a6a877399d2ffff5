import { promisify } from "node:util";
import type { FormErrors } from "../platform/form-errors";
import type { Person } from "../records/people";
import { placesFor } from "./places";
import type { Visit } from "./visit";

/** What every page is drawn with; views read the rest by name. */
export type Page = {
  title: string;
  /** 200 unless given; 422 for a form that was sent with mistakes. */
  status?: number;
  errors?: FormErrors;
  [local: string]: unknown;
};

/** Draws a view inside the layout and sends it. Personal pages are never kept by a cache (ASVS 5.0, 14.3.2). */
export async function drawPage(visit: Visit & { person?: Person }, view: string, page: Page): Promise<void> {
  const { req, res } = visit;
  const { status = 200, errors = [], ...locals } = page;
  const notice = await takeNotice(visit);
  const shared = {
    ...locals,
    status,
    errors,
    notice: page.notice ?? notice,
    csrfToken: req.csrfToken?.() ?? "",
    signedIn: visit.person && req.session?.stage === "signed-in" ? visit.person : undefined,
    places: visit.person && placesFor(visit.person, req.path),
  };
  const render = promisify(res.app.render.bind(res.app)) as (name: string, locals: object) => Promise<string>;
  const body = await render(view, shared);
  const html = await render("layout", { ...shared, body });
  res.status(status).set("Cache-Control", "no-store").type("html").send(html);
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
