import { returnAddress } from "../base/local-path";
import type { Visit } from "./visit";

/**
 * Sends the browser to a path on this site, or to an application that may be returned to (303), with a notice for the
 * next page. The only place that redirects: the session is saved first, or the next request could overtake it.
 */
export async function leave({ req, res, desk }: Visit, path: string, notice?: string): Promise<void> {
  if (req.session?.row) {
    if (notice) req.session.notice = notice;
    await new Promise<void>((resolve, reject) =>
      req.session.save((error) => (error ? reject(error) : resolve())),
    );
  }
  res.redirect(303, returnAddress(path, "/", desk.returnOrigins));
}

/** Sends a browser that asked an application for a page to sign in (302), and back to that address afterwards. */
export function leaveForSignIn({ res, desk }: Visit, returnTo: string | undefined): void {
  const page = new URL("/sign-in", desk.baseUrl);
  if (returnTo !== undefined) page.searchParams.set("return", returnTo);
  res.redirect(302, page.href);
}
