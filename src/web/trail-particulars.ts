import { describeTimeout } from "../base/session-timeout";
import { TWO_FACTOR_POLICIES } from "../base/two-factor-policy";
import type { TrailEntry } from "../records/trail";

/** Details by the labels of their forms: "First Name: a → b". */
const LABELS = new Map([
  ["firstName", "First Name"],
  ["lastName", "Last Name"],
  ["phoneNumber", "Phone Number"],
  ["sessionTimeout", "Session Timeout"],
  ["longestSessionTimeout", "Longest session timeout"],
  ["longestSessionTimeoutAdministrators", "Longest session timeout for administrators"],
  ["absoluteLifetime", "Longest time signed in"],
  ["twoFactorPolicy", "Two-factor authentication"],
  ["responsible", "Responsible person"],
  ["keyId", "Key"],
  ["replacedKeyId", "Replaced key"],
]);

/** How somebody proved to be themselves, as it goes on after "You signed in". */
const SIGNED_IN = new Map([
  ["none", "with the password alone"],
  ["one-time code", "with a one-time code"],
  ["recovery code", "with a recovery code"],
  ["enrolled", "after setting up two-factor authentication"],
  ["put off", "without two-factor authentication, for now"],
  ["reset", "with a new authenticator"],
  ["password change", "after changing the password"],
]);

/** What was counted, in words; nothing is told of none, except where it is `toldWhenNone`. */
const COUNTS = new Map<string, { one: string; many: string; toldWhenNone?: boolean }>([
  ["otherSessionsEnded", { one: "1 other session ended", many: "# other sessions ended" }],
  ["sessionsEnded", { one: "1 session ended", many: "# sessions ended" }],
  ["ended", { one: "1 session ended", many: "# sessions ended" }],
  ["left", { one: "1 recovery code left", many: "# recovery codes left", toldWhenNone: true }],
  ["wrongCodes", { one: "1 wrong code in a row", many: "# wrong codes in a row" }],
  ["people", { one: "taken off 1 person", many: "taken off # people" }],
  ["serviceAccounts", { one: "taken off 1 service account", many: "taken off # service accounts" }],
  ["authenticators", { one: "1 authenticator", many: "# authenticators" }],
  ["letters", { one: "1 letter", many: "# letters" }],
  ["parkedForms", { one: "1 parked form", many: "# parked forms" }],
  ["pepper", { one: "the key of the password hashes", many: "the key of the password hashes" }],
  [
    "person.deactivated serviceAccounts",
    { one: "1 service account handed on", many: "# service accounts handed on" },
  ],
]);

/** Ids that tell a reader nothing: the downloaded file has them. */
const IDS = new Set(["sessionId", "invitationId"]);

/** The details of an entry, a line each, in words; those this version does not know are shown as they are. */
export function particularsOf({ action, details }: Pick<TrailEntry, "action" | "details">): string[] {
  if (details === null) return [];
  if (typeof details !== "object" || Array.isArray(details)) return [`Details: ${textOf("", details)}`];
  if (action === "email.changed" && isChange(details)) return [`Email: ${textOf("", details)}`];
  return Object.entries(details).flatMap(([name, value]) => tell(action, name, value) ?? []);
}

function tell(action: string, name: string, value: unknown): string | undefined {
  if (IDS.has(name)) return undefined;
  const signedIn = name === "secondFactor" ? SIGNED_IN.get(String(value)) : undefined;
  if (signedIn) return signedIn;
  const counted = COUNTS.get(`${action} ${name}`) ?? COUNTS.get(name);
  if (counted && typeof value === "number") {
    if (value === 0 && !counted.toldWhenNone) return undefined;
    return value === 1 ? counted.one : counted.many.replace("#", value === 0 ? "no" : String(value));
  }
  return `${LABELS.get(name) ?? inWords(name)}: ${textOf(name, value)}`;
}

/** "favouriteColour" as "Favourite colour". */
function inWords(name: string): string {
  const words = name.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`).trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function textOf(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => textOf(name, one)).join(", ") || "none";
  if (isChange(value)) return `${textOf(name, value.from)} → ${textOf(name, value.to)}`;
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  if (value === "") return "empty";
  if (/timeout|lifetime/i.test(name) && typeof value === "number") return describeTimeout(value);
  if (/keyId$/i.test(name) && typeof value === "string") return `lk${value}`;
  const policy = name === "twoFactorPolicy" && TWO_FACTOR_POLICIES.find((one) => one.value === value);
  return policy ? policy.label : String(value ?? "none");
}

function isChange(value: unknown): value is { from: unknown; to: unknown } {
  return typeof value === "object" && value !== null && "from" in value && "to" in value;
}
