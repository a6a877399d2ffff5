import { Refusal } from "../base/refusal";
import { isAdministrator } from "../base/roles";
import type { SessionStage } from "../records/sessions/lookups";
import { ASK_FOR_KEY, sendError } from "../web/api/errors";
import { pageOf } from "../web/came-from";
import { checkApiKey } from "../web/check-api-key";
import { cameWithCookie } from "../web/cookie-trouble";
import { leave } from "../web/leave";
import { liveSessionOf } from "../web/live-session-of";
import { lookAtSession } from "../web/look-at-session";
import { pageOfStage } from "../web/page-of-stage";
import { dropParked, parkForm } from "../web/park-form";
import { TooManyTries } from "../web/throttle";
import type { ApiKeyVisit, PersonVisit, Visit, Watching } from "../web/visit";

/** A password given longer ago than this is asked for again before something sensitive, in milliseconds. */
export const PASSWORD_RECENT_MS = 10 * 60 * 1000;

/** The guards a route can have, and what a handler behind each one gets. */
export type Guards = {
  /** Anybody. */
  public: Visit;
  /** Password given, one-time code due. */
  awaitingCode: PersonVisit;
  /** Password given, no authenticator yet. */
  enrolling: PersonVisit;
  /** Signed in. */
  signedIn: PersonVisit;
  /** Signed in, and the password given within the last ten minutes. */
  recentPassword: PersonVisit;
  /** Signed in, with the role administrator. */
  administrator: PersonVisit;
  /** An administrator whose password was given within the last ten minutes. */
  administratorRecent: PersonVisit;
  /** Anybody, and no activity: the session is only looked at, so that a page left open does not keep it alive. */
  watching: Watching;
  /** A good API key; refused with a JSON error. */
  apiKey: ApiKeyVisit;
};

export type GuardName = keyof Guards;

/** Lets a request through by returning what the handler gets; otherwise answers it and returns undefined. */
type Guard<Name extends GuardName> = (visit: Visit) => Promise<Guards[Name] | undefined>;

/** The guards by name. */
export const guards: { [Name in GuardName]: Guard<Name> } = {
  public: async (visit) => visit,
  watching: async (visit) => ({ secondsLeft: lookAtSession(visit.req), ...visit }),
  awaitingCode: (visit) => atStage(visit, "code"),
  enrolling: (visit) => atStage(visit, "enrolment"),
  signedIn: (visit) => atStage(visit, "signed-in"),
  recentPassword: async (visit) => {
    const signedIn = await atStage(visit, "signed-in");
    return signedIn && (await withRecentPassword(signedIn));
  },
  administrator: async (visit) => {
    const signedIn = await atStage(visit, "signed-in");
    return signedIn && asAdministrator(signedIn);
  },
  administratorRecent: async (visit) => {
    const signedIn = await atStage(visit, "signed-in");
    return signedIn && (await withRecentPassword(asAdministrator(signedIn)));
  },
  apiKey: async (visit) => {
    const apiKey = await checkApiKey(
      visit.desk,
      visit.desk.findApiKeyWithOwner,
      visit.req.headers,
      visit.req.ip,
    );
    if (apiKey instanceof TooManyTries)
      throw new Refusal(429, "Too many wrong keys were sent. Wait a little.", apiKey.waitSeconds);
    if (apiKey) return { apiKey, ...visit };
    sendError(visit.res.set(ASK_FOR_KEY), 401, "Send a valid API key.");
    return undefined;
  },
};

async function withRecentPassword(visit: PersonVisit): Promise<PersonVisit | undefined> {
  const age = visit.desk.now().getTime() - (visit.req.session.passwordGivenAt ?? 0);
  if (age <= PASSWORD_RECENT_MS) return visit;
  // A form goes on at the page with its address, query and all; the tests hold that there is one.
  const next = visit.req.originalUrl;
  if (visit.req.method === "POST") await parkForm(visit, next);
  await leave(visit, `/confirm-password?return=${encodeURIComponent(next)}`);
  return undefined;
}

function asAdministrator(visit: PersonVisit): PersonVisit {
  if (!isAdministrator(visit.person.roles)) throw new Refusal(403, "Only administrators can open this page.");
  return visit;
}

// Forms that are sent before somebody is back where they were typing.
const ON_THE_WAY = new Set(["/confirm-password", "/session/stay"]);

async function atStage(visit: Visit, stage: SessionStage): Promise<PersonVisit | undefined> {
  const session = liveSessionOf(visit);
  if (!session) {
    const page = pageOf(ON_THE_WAY.has(visit.req.path) ? { ...visit, hasPage: false } : visit);
    const notice = await noticeOfLoss(visit, stage, page);
    await leave(visit, `/sign-in?return=${encodeURIComponent(page)}${notice ? `&notice=${notice}` : ""}`);
    return undefined;
  }
  if (session.stage === stage) {
    if (stage === "signed-in" && visit.req.method === "POST" && !ON_THE_WAY.has(visit.req.path))
      await dropParked(visit);
    return { person: session.person, session, ...visit };
  }
  await leave(visit, pageOfStage(session.stage));
  return undefined;
}

// What the sign-in page is to say of what this request brought, or did not bring, without a session.
async function noticeOfLoss(visit: Visit, stage: SessionStage, page: string): Promise<string | undefined> {
  const { method, path, session } = visit.req;
  // Half way through signing in nobody is without the cookie whose browser keeps it.
  if (stage !== "signed-in") return cameWithCookie(visit) ? undefined : "no-cookie";
  if (method !== "POST") return undefined;
  // What was typed is kept where the session ended by itself, not where somebody ended it.
  const { row } = session;
  const kept = row?.endedBy && row.stage === "signed-in" && (await parkForm(visit, page));
  return kept || ON_THE_WAY.has(path) ? undefined : "not-saved";
}
