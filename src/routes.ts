import * as activity from "./features/activity/pages";
import * as adminActivity from "./features/admin-activity/pages";
import * as adminAccount from "./features/admin-people/account/pages";
import * as adminPeople from "./features/admin-people/pages";
import * as adminPasswordLink from "./features/admin-people/password-link/pages";
import * as adminPerson from "./features/admin-people/person/pages";
import * as adminServiceAccounts from "./features/admin-service-accounts/pages";
import * as adminSettings from "./features/admin-settings/pages";
import * as api from "./features/api/pages";
import * as apiDocs from "./features/api-docs/pages";
import * as apiKey from "./features/api-key/pages";
import * as confirmPassword from "./features/confirm-password/pages";
import * as email from "./features/email/pages";
import * as forgotPassword from "./features/forgot-password/pages";
import * as forwardAuth from "./features/forward-auth/pages";
import * as health from "./features/health/pages";
import * as home from "./features/home/pages";
import * as invitations from "./features/invitations/pages";
import * as password from "./features/password/pages";
import * as profile from "./features/profile/pages";
import * as sessions from "./features/sessions/pages";
import * as setup from "./features/setup/pages";
import * as signIn from "./features/sign-in/pages";
import * as twoFactor from "./features/two-factor/pages";
import type { GuardName, Guards } from "./middleware/guards";

/** A method, a path, who may pass, and what happens then; a handler only fits behind the guard it was written for. */
export type Route = {
  [Name in GuardName]: readonly ["GET" | "POST", string, Name, (visit: Guards[Name]) => Promise<void>];
}[GuardName];

/** Asked by programs: no session is opened, no cookie is set. GET answers HEAD too. */
export const programRoutes: Route[] = [
  ["GET", "/healthz", "public", health.alive],
  ["GET", "/readyz", "public", health.ready],
  ["GET", "/healthz/doctor", "public", health.describe],
  ["GET", "/v1/me", "apiKey", api.me],
  ["GET", "/v1/openapi.json", "public", api.openApi],
  ["GET", "/auth/forward", "public", forwardAuth.check],
];

/** Asked by people's browsers. */
export const pageRoutes: Route[] = [
  ["GET", "/", "public", home.show],
  ["GET", "/docs/api", "public", apiDocs.show],
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
  ["GET", "/forgot-password", "public", forgotPassword.show],
  ["POST", "/forgot-password", "public", forgotPassword.ask],
  ["GET", "/reset-password", "public", forgotPassword.showReset],
  ["POST", "/reset-password", "public", forgotPassword.reset],
  ["GET", "/sign-out", "public", sessions.confirmSignOut],
  ["POST", "/sign-out", "public", sessions.signOut],
  ["GET", "/session/remaining", "watching", sessions.showRemaining],
  ["GET", "/session/ended", "watching", sessions.showEnded],
  ["POST", "/session/stay", "signedIn", sessions.stay],

  ["GET", "/profile", "signedIn", profile.show],
  ["POST", "/profile", "signedIn", profile.save],
  ["GET", "/profile/sessions", "signedIn", sessions.show],
  ["POST", "/profile/sessions/end-others", "signedIn", sessions.endOthers],
  ["POST", "/profile/sessions/:id/end", "signedIn", sessions.end],
  ["GET", "/profile/email", "recentPassword", email.show],
  ["POST", "/profile/email", "recentPassword", email.ask],
  ["GET", "/profile/email/confirm", "public", email.showConfirm],
  ["POST", "/profile/email/confirm", "public", email.confirm],
  ["GET", "/profile/password", "signedIn", password.show],
  ["POST", "/profile/password", "signedIn", password.change],
  ["GET", "/profile/activity", "signedIn", activity.show],
  ["GET", "/confirm-password", "signedIn", confirmPassword.show],
  ["POST", "/confirm-password", "signedIn", confirmPassword.confirm],

  ["GET", "/profile/two-factor/reset", "recentPassword", twoFactor.showReset],
  ["POST", "/profile/two-factor/reset", "recentPassword", twoFactor.reset],
  ["GET", "/profile/two-factor/recovery-codes", "recentPassword", twoFactor.showRecoveryCodes],
  ["POST", "/profile/two-factor/recovery-codes", "recentPassword", twoFactor.renewRecoveryCodes],

  ["GET", "/profile/api-key/generate", "recentPassword", apiKey.own.confirmGenerate],
  ["POST", "/profile/api-key/generate", "recentPassword", apiKey.own.generate],
  ["GET", "/profile/api-key/regenerate", "recentPassword", apiKey.own.confirmRegenerate],
  ["POST", "/profile/api-key/regenerate", "recentPassword", apiKey.own.regenerate],
  ["GET", "/profile/api-key/revoke", "recentPassword", apiKey.own.confirmRevoke],
  ["POST", "/profile/api-key/revoke", "recentPassword", apiKey.own.revoke],

  ["GET", "/admin/activity", "administrator", adminActivity.show],
  ["GET", "/admin/activity/download", "administrator", adminActivity.download],

  ["GET", "/invitation", "public", invitations.show],
  ["POST", "/invitation", "public", invitations.join],
  // Before /admin/people/:id, which would take "invite" for somebody.
  ["GET", "/admin/people/invite", "administratorRecent", invitations.showInvite],
  ["POST", "/admin/people/invite", "administratorRecent", invitations.invite],
  ["GET", "/admin/people/invite/withdraw", "administratorRecent", invitations.confirmWithdraw],
  ["POST", "/admin/people/invite/withdraw", "administratorRecent", invitations.withdraw],
  ["GET", "/admin/people", "administrator", adminPeople.show],
  ["GET", "/admin/people/reset-two-factor", "administratorRecent", adminPeople.confirmResetSeveral],
  ["POST", "/admin/people/reset-two-factor", "administratorRecent", adminPeople.resetSeveral],
  ["GET", "/admin/people/:id", "administrator", adminPerson.show],
  ["POST", "/admin/people/:id", "administratorRecent", adminPerson.save],
  ["GET", "/admin/people/:id/roles", "administratorRecent", adminPerson.showRoles],
  ["POST", "/admin/people/:id/roles", "administratorRecent", adminPerson.saveRoles],
  ["GET", "/admin/people/:id/reset-two-factor", "administratorRecent", adminAccount.confirmReset],
  ["POST", "/admin/people/:id/reset-two-factor", "administratorRecent", adminAccount.reset],
  ["GET", "/admin/people/:id/password-link", "administratorRecent", adminPasswordLink.confirm],
  ["POST", "/admin/people/:id/password-link", "administratorRecent", adminPasswordLink.give],
  ["GET", "/admin/people/:id/end-sessions", "administratorRecent", adminAccount.confirmEndSessions],
  ["POST", "/admin/people/:id/end-sessions", "administratorRecent", adminAccount.endAll],
  ["GET", "/admin/people/:id/api-key/revoke", "administratorRecent", adminAccount.confirmRevoke],
  ["POST", "/admin/people/:id/api-key/revoke", "administratorRecent", adminAccount.revoke],
  ["GET", "/admin/people/:id/deactivate", "administratorRecent", adminAccount.confirmDeactivate],
  ["POST", "/admin/people/:id/deactivate", "administratorRecent", adminAccount.deactivate],
  ["GET", "/admin/people/:id/reactivate", "administratorRecent", adminAccount.confirmReactivate],
  ["POST", "/admin/people/:id/reactivate", "administratorRecent", adminAccount.reactivate],

  ["GET", "/admin/service-accounts", "administrator", adminServiceAccounts.list],
  ["POST", "/admin/service-accounts", "administratorRecent", adminServiceAccounts.create],
  ["GET", "/admin/service-accounts/:id", "administrator", adminServiceAccounts.show],
  ["POST", "/admin/service-accounts/:id", "administratorRecent", adminServiceAccounts.save],
  ["GET", "/admin/service-accounts/:id/deactivate", "administrator", adminServiceAccounts.confirmDeactivate],
  ["POST", "/admin/service-accounts/:id/deactivate", "administratorRecent", adminServiceAccounts.deactivate],
  ["GET", "/admin/service-accounts/:id/reactivate", "administrator", adminServiceAccounts.confirmReactivate],
  ["POST", "/admin/service-accounts/:id/reactivate", "administratorRecent", adminServiceAccounts.reactivate],
  [
    "GET",
    "/admin/service-accounts/:id/api-key/generate",
    "administratorRecent",
    apiKey.ofServiceAccount.confirmGenerate,
  ],
  [
    "POST",
    "/admin/service-accounts/:id/api-key/generate",
    "administratorRecent",
    apiKey.ofServiceAccount.generate,
  ],
  [
    "GET",
    "/admin/service-accounts/:id/api-key/regenerate",
    "administratorRecent",
    apiKey.ofServiceAccount.confirmRegenerate,
  ],
  [
    "POST",
    "/admin/service-accounts/:id/api-key/regenerate",
    "administratorRecent",
    apiKey.ofServiceAccount.regenerate,
  ],
  [
    "GET",
    "/admin/service-accounts/:id/api-key/revoke",
    "administratorRecent",
    apiKey.ofServiceAccount.confirmRevoke,
  ],
  [
    "POST",
    "/admin/service-accounts/:id/api-key/revoke",
    "administratorRecent",
    apiKey.ofServiceAccount.revoke,
  ],

  ["GET", "/admin/settings", "administrator", adminSettings.show],
  ["POST", "/admin/settings", "administratorRecent", adminSettings.save],
  ["GET", "/admin/settings/roles", "administrator", adminSettings.showRoles],
  ["POST", "/admin/settings/roles", "administratorRecent", adminSettings.addRole],
  ["GET", "/admin/settings/roles/delete", "administratorRecent", adminSettings.confirmDeleteRole],
  ["POST", "/admin/settings/roles/delete", "administratorRecent", adminSettings.removeRole],
];
