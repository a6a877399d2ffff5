import type { SenderName } from "./world";

/**
 * A form or a page: who sends it, its fields with what would be accepted in each ("@name" is one of the world's good
 * values, null stands for nothing, so that the field is odd in every request; where that is a link's "@…Token", the
 * others are only read behind it), and how it answers when it has done what it is for: the status, and then where it
 * leads or what its page is called.
 */
export type Row = {
  method: "GET" | "POST";
  path: string;
  by: SenderName;
  /** Fields of the form; of a GET, parameters of its query string. */
  fields?: Record<string, string | null>;
  /** Parameters in the query string of a POST. */
  query?: Record<string, string | null>;
  /** Which of the good values stands for ":id". */
  id?: string;
  /** How the path may go on; it goes on with one of them. */
  ends?: string[];
  /** The field that is a new password. */
  newPassword?: string;
  /** Beginnings of fields whose names are made of what is in the database. */
  free?: string[];
  done: RegExp;
  /** The table it changes without an entry in the trail. */
  quiet?: "sessions";
};

const NEVER = /^-$/;

const key = (path: string, by: SenderName, replaces: string | null, id?: string): Row[] => {
  const row = { method: "POST" as const, by, ...(id && { id }) };
  return [
    { ...row, path: `${path}/generate`, fields: { replaces: "none" }, done: /^200 .*new API key/i },
    { ...row, path: `${path}/regenerate`, fields: { replaces }, done: /^200 .*new API key/i },
    { ...row, path: `${path}/revoke`, fields: { replaces }, done: /^303/ },
  ];
};

const details = {
  firstName: "Grace",
  lastName: "Hopper",
  phoneNumber: "555-1234 x5678",
  sessionTimeout: "1800",
};
const page = "/admin/people/:id";
const account = "/admin/service-accounts/:id";

/** Before there is anybody. */
export const SET_UP_ROWS: Row[] = [
  {
    method: "POST",
    path: "/setup",
    by: "stranger",
    // Never a policy that there is: the installation would be set up, and nothing else be tried. Nor a good password,
    // which would be judged each time.
    fields: {
      firstName: "Ada",
      lastName: "Lovelace",
      email: "ada@example.com",
      password: null,
      twoFactorPolicy: null,
    },
    newPassword: "password",
    query: { token: "@setUpToken" },
    done: NEVER,
  },
];

/** Sent by strangers, by who is half signed in, and by members: forms. */
export const PEOPLE_ROWS: Row[] = [
  {
    method: "POST",
    path: "/sign-in",
    by: "stranger",
    fields: { email: "sam@example.com", password: "@password", return: "/profile" },
    done: /^303 \/sign-in\/two-factor$/,
    quiet: "sessions",
  },
  { method: "POST", path: "/sign-in/two-factor", by: "code", fields: { code: null }, done: /^303/ },
  {
    method: "POST",
    path: "/sign-in/recovery-code",
    by: "code",
    fields: { recoveryCode: null },
    done: /^303/,
  },
  {
    method: "POST",
    path: "/two-factor/enrol",
    by: "enrolment",
    fields: { code: null, secondFactor: "@secondFactor" },
    done: /^200 Your recovery codes/,
  },
  { method: "POST", path: "/two-factor/not-now", by: "enrolment", done: /^303 \/profile/ },
  { method: "POST", path: "/forgot-password", by: "stranger", fields: { email: null }, done: /^200/ },
  {
    method: "POST",
    path: "/reset-password",
    by: "stranger",
    // Never a good password beside a good link: the link would be used up, and nothing else be looked at.
    fields: { token: "@resetToken", newPassword: null },
    newPassword: "newPassword",
    done: /^303 \/sign-in/,
  },
  { method: "POST", path: "/sign-out", by: "stranger", done: /^303 \/sign-in/ },
  { method: "POST", path: "/session/stay", by: "member", done: /^200/ },
  {
    method: "POST",
    path: "/profile",
    by: "member",
    fields: { ...details, version: "@memberVersion" },
    done: /^303 \/profile$/,
  },
  { method: "POST", path: "/profile/sessions/end-others", by: "member", done: /^303 \/profile\/sessions$/ },
  {
    method: "POST",
    path: "/profile/sessions/:id/end",
    by: "member",
    id: "session",
    done: /^303 \/profile\/sessions$/,
  },
  { method: "POST", path: "/profile/email", by: "member", fields: { newEmail: null }, done: /^200/ },
  {
    method: "POST",
    path: "/profile/email/confirm",
    by: "stranger",
    fields: { token: "@emailToken" },
    done: /^200/,
  },
  {
    method: "POST",
    path: "/profile/password",
    by: "member",
    fields: { currentPassword: null, newPassword: "Another-Harbour-43" },
    newPassword: "newPassword",
    done: /^303/,
  },
  {
    method: "POST",
    path: "/confirm-password",
    by: "member",
    fields: { password: null, return: "/profile/email", back: "/profile" },
    done: /^303/,
  },
  {
    method: "POST",
    path: "/profile/two-factor/reset",
    by: "member",
    fields: { code: null, secondFactor: null },
    done: /^200 Your recovery codes/,
  },
  {
    method: "POST",
    path: "/profile/two-factor/recovery-codes",
    by: "member",
    done: /^200 Your recovery codes/,
  },
  ...key("/profile/api-key", "member", "@memberKey"),
  {
    method: "POST",
    path: "/invitation",
    by: "stranger",
    fields: { firstName: "Guest", lastName: "Guest", password: null },
    newPassword: "password",
    query: { token: "@inviteToken" },
    done: /^303 \/two-factor\/enrol$/,
    quiet: "sessions",
  },
];

/** Sent by administrators: forms. */
export const ADMINISTRATOR_ROWS: Row[] = [
  {
    method: "POST",
    path: "/admin/people/invite",
    by: "administrator",
    fields: { email: "new@example.com", role: "member", invitation: null },
    done: /^200/,
  },
  {
    method: "POST",
    path: "/admin/people/invite/withdraw",
    by: "administrator",
    fields: { id: null },
    done: /^303/,
  },
  {
    method: "POST",
    path: "/admin/people/reset-two-factor",
    by: "administrator",
    fields: { reason: "Lost it" },
    free: ["person-"],
    done: /^303 \/admin\/people$/,
  },
  {
    method: "POST",
    path: page,
    by: "administrator",
    id: "person",
    fields: { ...details, version: "@personVersion" },
    done: /^303 \/admin\/people\/[^/]+$/,
  },
  {
    method: "POST",
    path: `${page}/roles`,
    by: "administrator",
    id: "person",
    fields: { role: "API access only", was: "member" },
    free: ["role-"],
    done: /^303 \/admin\/people\/[^/]+$/,
  },
  ...["reset-two-factor", "password-link"].map(
    (what): Row => ({
      method: "POST",
      path: `${page}/${what}`,
      by: "administrator",
      id: "person",
      fields: { reason: "Lost it", ...(what === "password-link" && { link: null }) },
      done: /^(303 \/admin\/people\/[^/]+|200.*)$/,
    }),
  ),
  { method: "POST", path: `${page}/end-sessions`, by: "administrator", id: "person", done: /^303/ },
  {
    method: "POST",
    path: `${page}/api-key/revoke`,
    by: "administrator",
    id: "person",
    fields: { replaces: "@personKey" },
    done: /^303/,
  },
  {
    method: "POST",
    path: `${page}/deactivate`,
    by: "administrator",
    id: "person",
    fields: { successor: "grace@example.com" },
    done: /^303/,
  },
  { method: "POST", path: `${page}/reactivate`, by: "administrator", id: "person", done: /^303/ },
  {
    method: "POST",
    path: "/admin/service-accounts",
    by: "administrator",
    fields: { name: "mailer", purpose: "letters", responsible: "grace@example.com", version: "0" },
    free: ["role:"],
    done: /^303/,
  },
  {
    method: "POST",
    path: account,
    by: "administrator",
    id: "account",
    fields: {
      name: "backup",
      purpose: "nightly",
      responsible: "sam@example.com",
      version: "@accountVersion",
    },
    free: ["role:"],
    done: /^303/,
  },
  { method: "POST", path: `${account}/deactivate`, by: "administrator", id: "account", done: /^303/ },
  { method: "POST", path: `${account}/reactivate`, by: "administrator", id: "account", done: /^303/ },
  ...key(`${account}/api-key`, "administrator", null, "account"),
  {
    method: "POST",
    path: "/admin/settings",
    by: "administrator",
    fields: {
      longestSessionTimeout: "28800",
      longestSessionTimeoutAdministrators: "28800",
      absoluteLifetime: "2592000",
      twoFactorPolicy: "everyone",
      version: "@settingsVersion",
    },
    done: /^303 \/admin\/settings$/,
  },
  {
    method: "POST",
    path: "/admin/settings/roles",
    by: "administrator",
    fields: { name: "writer" },
    done: /^303/,
  },
  {
    method: "POST",
    path: "/admin/settings/roles/delete",
    by: "administrator",
    fields: { name: null },
    done: /^303/,
  },
];

const then = (what: string) => `/${what}`;

/** What is asked for with something in the address, by whoever may. */
export const PAGE_ROWS: Row[] = [
  {
    method: "GET",
    path: "/auth/forward",
    by: "member",
    fields: { role: "member", activity: "no" },
    done: NEVER,
  },
  {
    method: "GET",
    path: "/sign-in",
    by: "stranger",
    fields: { return: "/profile", notice: "signed-out" },
    done: NEVER,
  },
  { method: "GET", path: "/setup", by: "stranger", fields: { token: null }, done: NEVER },
  { method: "GET", path: "/reset-password", by: "stranger", fields: { token: "@resetToken" }, done: NEVER },
  { method: "GET", path: "/invitation", by: "stranger", fields: { token: "@inviteToken" }, done: NEVER },
  {
    method: "GET",
    path: "/profile/email/confirm",
    by: "stranger",
    fields: { token: "@emailToken" },
    done: NEVER,
  },
  { method: "GET", path: "/confirm-password", by: "member", fields: { return: "/profile" }, done: NEVER },
  { method: "GET", path: "/session/ended", by: "member", fields: { return: "/profile" }, done: NEVER },
  {
    method: "GET",
    path: "/profile/activity",
    by: "member",
    fields: { before: "100", after: "1", oldest: "" },
    done: NEVER,
  },
  {
    method: "GET",
    path: "/admin/people",
    by: "administrator",
    fields: { q: "sam", role: "member", status: "active", after: "@person", before: "@person", page: "last" },
    done: NEVER,
  },
  ...["/admin/activity", "/admin/activity/download"].map(
    (path): Row => ({
      method: "GET",
      path,
      by: "administrator",
      fields: {
        person: "sam",
        action: "session.started",
        from: "2026-01-01",
        to: "2099-01-01",
        before: "9",
        after: "1",
      },
      done: NEVER,
    }),
  ),
  {
    method: "GET",
    path: page,
    by: "administrator",
    id: "person",
    ends: [
      "",
      ...["roles", "reset-two-factor", "password-link", "end-sessions", "api-key/revoke"].map(then),
      ...["deactivate", "reactivate"].map(then),
    ],
    done: NEVER,
  },
  {
    method: "GET",
    path: account,
    by: "administrator",
    id: "account",
    ends: [
      "",
      ...["deactivate", "reactivate"].map(then),
      ...["generate", "regenerate", "revoke"].map((what) => then(`api-key/${what}`)),
    ],
    done: NEVER,
  },
  {
    method: "GET",
    path: "/admin/service-accounts",
    by: "administrator",
    fields: { after: "a" },
    done: NEVER,
  },
  {
    method: "GET",
    path: "/admin/people/invite/withdraw",
    by: "administrator",
    fields: { id: "@invitation" },
    done: NEVER,
  },
  {
    method: "GET",
    path: "/admin/people/reset-two-factor",
    by: "administrator",
    fields: { reason: null },
    free: ["person-"],
    done: NEVER,
  },
  {
    method: "GET",
    path: "/admin/settings/roles/delete",
    by: "administrator",
    fields: { name: "reader" },
    done: NEVER,
  },
];
