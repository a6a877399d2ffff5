import { createHash } from "node:crypto";
import type { Views } from "./views";
import type { Visit } from "./visit";

/** Answers a browser with a page at an application's address, where none of ours can be loaded: its styles are in it. */
export function drawAlone({ res }: Pick<Visit, "res">, status: number, view: string, locals: object): void {
  const { views } = res.app.locals as { views: Views };
  const html = views(view, locals);
  const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? "";
  const hash = createHash("sha256").update(style).digest("base64");
  res.set(
    "Content-Security-Policy",
    `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'`,
  );
  res.status(status).type("html").send(html);
}
