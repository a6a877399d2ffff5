import { isBrowser, isNavigation, readAskedFor } from "../../base/asked-for";
import { addressOn } from "../../base/local-path";
import { ASK_FOR_KEY, sendError } from "../../web/api/errors";
import { ForwardQuery } from "../../web/api/schemas";
import { drawRoleRefusal, rolesInWords } from "../../web/draw-role-refusal";
import { findIdentity } from "../../web/find-identity";
import { type Identity, identityHeaders } from "../../web/identity-headers";
import { leaveForSignIn } from "../../web/leave";
import { logRefusal } from "../../web/log-refusal";
import { beginWithout } from "../../web/standing-headers";
import { TooManyTries } from "../../web/throttle";
import type { Visit } from "../../web/visit";
import { hasRoles } from "./has-roles";

/**
 * GET /auth/forward: what a reverse proxy asks before it hands a request on to an application. 200 with who it is in
 * headers; 401, or 302 to the sign-in page for a browser on its way to a page; 403 where a role is missing.
 */
export async function check(visit: Visit): Promise<void> {
  const { req, res, desk } = visit;
  // What is refused stands at the application's host, for which this would promise HTTPS for months.
  beginWithout(res, "Strict-Transport-Security");
  const misspelt = Object.keys(req.query).find((name) => name !== "role" && /^roles?(\[\d*\])?$/i.test(name));
  if (misspelt !== undefined) return refuseMisspelt(visit, misspelt);
  const { role, activity } = ForwardQuery.parse(req.query);
  const identity = await findIdentity(desk, req, { activity: activity !== "no" });
  if (identity instanceof TooManyTries) return refuseTries(visit, identity);
  if (!identity) return askToSignIn(visit);
  if (!hasRoles(identity.roles, role)) return refuseRole(visit, identity, role);
  res.set(identityHeaders(identity)).end();
}

function askToSignIn(visit: Visit): void {
  const { req } = visit;
  const asked = readAskedFor(req.headers);
  if (asked.proxyTakesAnyAnswer && isNavigation(req.headers)) {
    leaveForSignIn(visit, returnTo(visit));
    return;
  }
  refuseKey(visit, "Sign in, or send a valid API key.");
}

function refuseKey({ req, res }: Visit, detail: string): void {
  // A browser would ask for a name and password in a window of its own.
  res.set(isBrowser(req.headers) ? { "WWW-Authenticate": "Bearer" } : ASK_FOR_KEY);
  sendError(res, 401, detail);
}

// The page that was asked for. What was sent with a form is gone: then the page it was sent from.
function returnTo({ req, desk }: Visit): string | undefined {
  const { url, method } = readAskedFor(req.headers);
  const page = method === "GET" || method === "HEAD" ? url : (req.get("referer") ?? url);
  const known =
    page === undefined ? undefined : addressOn(page, new Set([...desk.returnOrigins, desk.baseUrl.origin]));
  if (page !== undefined && !known) desk.log.warn({ id: req.id }, unknownOrigin(page));
  if (known?.origin === desk.baseUrl.origin) return known.pathname + known.search;
  return known?.href;
}

function unknownOrigin(page: string): string {
  const origin = URL.canParse(page) ? new URL(page).origin : "an address that cannot be read";
  return `Somebody signs in to go on to ${origin}, but RETURN_ORIGINS does not name it, so they stay here afterwards`;
}

// What was meant to keep people out must not let everybody in.
function refuseMisspelt({ req, res, desk }: Visit, name: string): void {
  const sentence = `A proxy asks for "${name}", which is not known: write it "role"`;
  desk.log.warn({ id: req.id }, sentence);
  sendError(res, 403, `${sentence}.`);
}

function refuseTries(visit: Visit, { waitSeconds }: TooManyTries): void {
  const { req, res } = visit;
  const detail = "Too many wrong keys were sent. Wait a little.";
  res.set("Retry-After", String(waitSeconds));
  if (readAskedFor(req.headers).proxyTakesAnyAnswer) sendError(res, 429, detail);
  else refuseKey(visit, detail);
}

async function refuseRole(visit: Visit, identity: Identity, asked: string[]): Promise<void> {
  const { req, res, desk } = visit;
  const { id, kind, keyId } = identity;
  const who = kind === "person" ? { person: id } : { serviceAccount: id };
  logRefusal(desk, req, keyId === null ? who : { ...who, key: keyId }, "A role is missing");
  if (isNavigation(req.headers)) return drawRoleRefusal(visit, identity, asked);
  sendError(res, 403, `This needs ${rolesInWords(asked)}, and the account does not have it.`);
}
