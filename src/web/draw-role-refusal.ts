import { drawAlone } from "./draw-alone";
import type { Identity } from "./identity-headers";
import type { Visit } from "./visit";

/** Answers a browser that a role is missing (403). */
export async function drawRoleRefusal(
  { res, desk }: Visit,
  { name, email }: Identity,
  asked: readonly string[],
): Promise<void> {
  const home = new URL("/profile", desk.baseUrl).href;
  const signOut = new URL("/sign-out", desk.baseUrl).href;
  const page = { name, email, roles: rolesInWords(asked), home, signOut };
  drawAlone({ res }, 403, "forward-auth/refused", page);
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
