import { createHash } from "node:crypto";
import type { Identity } from "./identity-headers";
import type { Views } from "./views";
import type { Visit } from "./visit";

/**
 * Answers a browser that a role is missing (403). The page stands at the application's address, where none of ours can
 * be loaded, so its styles are in it.
 */
export async function drawRoleRefusal(
  { res, desk }: Visit,
  { name, email }: Identity,
  asked: readonly string[],
): Promise<void> {
  const { views } = res.app.locals as { views: Views };
  const home = new URL("/profile", desk.baseUrl).href;
  const signOut = new URL("/sign-out", desk.baseUrl).href;
  const html = views("forward-auth/refused", { name, email, roles: rolesInWords(asked), home, signOut });
  const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? "";
  const hash = createHash("sha256").update(style).digest("base64");
  res.set(
    "Content-Security-Policy",
    `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'`,
  );
  res.status(403).type("html").send(html);
}

/** What has to be had, as a sentence goes on: "the role billing and one of the roles support, operations". */
export function rolesInWords(asked: readonly string[]): string {
  const each = asked.map((names) => {
    const list = names.split(",").map((name) => name.trim());
    return list.length === 1
      ? `the role ${list[0] || "(none named)"}`
      : `one of the roles ${list.join(", ")}`;
  });
  return new Intl.ListFormat("en-GB").format(each);
}
