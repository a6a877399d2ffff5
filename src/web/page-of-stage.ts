import type { SessionStage } from "../records/sessions/lookups";

const PAGES: Record<SessionStage, string> = {
  code: "/sign-in/two-factor",
  enrolment: "/two-factor/enrol",
  "signed-in": "/profile",
};

/** The page somebody at this stage of signing in belongs to. */
export function pageOfStage(stage: SessionStage): string {
  return PAGES[stage];
}
