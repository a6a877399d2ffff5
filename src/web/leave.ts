import { localPath } from "../base/local-path";
import type { Visit } from "./visit";

/**
 * Sends the browser to a path on this site (303), with a notice for the next page. The only place that redirects: the
 * session is saved first, or the next request could overtake it.
 */
export async function leave({ req, res }: Visit, path: string, notice?: string): Promise<void> {
  if (req.session?.row) {
    if (notice) req.session.notice = notice;
    await new Promise<void>((resolve, reject) =>
      req.session.save((error) => (error ? reject(error) : resolve())),
    );
  }
  res.redirect(303, localPath(path, "/"));
}
