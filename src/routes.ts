import * as api from "./features/api/pages";
import * as apiKey from "./features/api-key/pages";
import * as confirmPassword from "./features/confirm-password/pages";
import * as health from "./features/health/pages";
import * as home from "./features/home/pages";
import * as profile from "./features/profile/pages";
import * as setup from "./features/setup/pages";
import * as signIn from "./features/sign-in/pages";
import * as signOut from "./features/sign-out/pages";
import * as twoFactor from "./features/two-factor/pages";
import type { GuardName, Guards } from "./middleware/guards";

/** A method, a path, who may pass, and what happens then; a handler only fits behind the guard it was written for. */
export type Route = {
  [Name in GuardName]: readonly ["GET" | "POST", string, Name, (visit: Guards[Name]) => Promise<void>];
}[GuardName];

/** Asked by programs: no session, no cookie, no redirect. GET answers HEAD too. */
export const programRoutes: Route[] = [
  ["GET", "/healthz", "public", health.alive],
  ["GET", "/readyz", "public", health.ready],
  ["GET", "/v1/authentication/verify", "apiKeySilent", api.verify],
  ["GET", "/authentication/verify", "apiKeySilent", api.verify],
  ["GET", "/v1/me", "apiKey", api.me],
];

/** Asked by people's browsers. */
export const pageRoutes: Route[] = [
  ["GET", "/", "public", home.show],
  ["GET", "/setup", "public", setup.show],
  ["POST", "/setup", "public", setup.create],

  ["GET", "/sign-in", "public", signIn.show],
  ["POST", "/sign-in", "public", signIn.givePassword],
  ["GET", "/sign-in/two-factor", "awaitingCode", signIn.showCode],
  ["POST", "/sign-in/two-factor", "awaitingCode", signIn.giveCode],
  ["GET", "/sign-in/recovery-code", "awaitingCode", signIn.showRecoveryCode],
  ["POST", "/sign-in/recovery-code", "awaitingCode", signIn.giveRecoveryCode],
  ["GET", "/two-factor/enrol", "enrolling", twoFactor.showEnrolment],
  ["POST", "/two-factor/enrol", "enrolling", twoFactor.enrol],
  ["POST", "/two-factor/not-now", "enrolling", twoFactor.putOff],
  ["POST", "/sign-out", "public", signOut.signOut],

  ["GET", "/profile", "signedIn", profile.show],
  ["POST", "/profile", "signedIn", profile.save],
  ["GET", "/confirm-password", "signedIn", confirmPassword.show],
  ["POST", "/confirm-password", "signedIn", confirmPassword.confirm],

  ["GET", "/profile/two-factor/reset", "recentPassword", twoFactor.showReset],
  ["POST", "/profile/two-factor/reset", "recentPassword", twoFactor.reset],
  ["GET", "/profile/two-factor/recovery-codes", "recentPassword", twoFactor.showRecoveryCodes],
  ["POST", "/profile/two-factor/recovery-codes", "recentPassword", twoFactor.renewRecoveryCodes],

  ["GET", "/profile/api-key/generate", "recentPassword", apiKey.confirmGenerate],
  ["POST", "/profile/api-key/generate", "recentPassword", apiKey.generate],
  ["GET", "/profile/api-key/regenerate", "recentPassword", apiKey.confirmRegenerate],
  ["POST", "/profile/api-key/regenerate", "recentPassword", apiKey.regenerate],
  ["GET", "/profile/api-key/revoke", "recentPassword", apiKey.confirmRevoke],
  ["POST", "/profile/api-key/revoke", "recentPassword", apiKey.revoke],
];
