import { deviceName } from "../base/device-name";
import type { TrailAction, TrailEntry } from "../records/trail";
import { particularsOf } from "./trail-particulars";

/** The parts a sentence about an entry is made of; `own` when somebody did it to their own account. */
type Parts = { who: string; whose: string; whom: string; own: boolean };

type Sentence = (parts: Parts, entry: TrailEntry) => string;

/** What each action is called in the filter, and how a sentence tells of it. */
const WORDS: Record<TrailAction, [label: string, sentence: Sentence]> = {
  "installation.set-up": [
    "Latchkey set up",
    ({ whom }) => `Latchkey was set up, with ${whom} as its first administrator`,
  ],
  "session.started": [
    "Signed in",
    ({ who }, { details }) => `${who} ${isRenewal(details?.secondFactor) ? "stayed " : ""}signed in`,
  ],
  "session.ended": [
    "Signed out",
    ({ who, whose, own }, { sessionId, details }) => {
      if (!own) return `${who} ended ${whose} session`;
      const another = details?.sessionId !== undefined && details.sessionId !== sessionId;
      return another ? `${who} signed out another device` : `${who} signed out`;
    },
  ],
  "sessions.ended": [
    "Sessions ended",
    ({ who, whose, own }) => (own ? `${who} signed out everywhere else` : `${who} ended ${whose} sessions`),
  ],
  "profile.changed": ["Profile changed", ({ who, whose }) => `${who} changed ${whose} profile`],
  "second-factor.enrolled": [
    "Two-factor authentication set up",
    ({ who, whose }) => `${who} set up ${whose} two-factor authentication`,
  ],
  "second-factor.reset": [
    "Two-factor authentication reset",
    ({ who, whose }) => `${who} reset ${whose} two-factor authentication`,
  ],
  "second-factor.put-off": [
    "Two-factor authentication put off",
    ({ who, whose }) => `${who} put off ${whose} two-factor authentication`,
  ],
  "second-factor.guessed-at": [
    "Wrong codes entered",
    ({ whose }) => `Somebody who knew ${whose} password entered wrong codes`,
  ],
  "recovery-code.used": [
    "Recovery code used",
    ({ who, whose }) => `${who} used one of ${whose} recovery codes`,
  ],
  "recovery-codes.replaced": [
    "Recovery codes replaced",
    ({ who, whose }) => `${who} replaced ${whose} recovery codes`,
  ],
  "api-key.generated": ["API key generated", ({ who, whose }) => `${who} generated ${whose} API key`],
  "api-key.regenerated": ["API key regenerated", ({ who, whose }) => `${who} regenerated ${whose} API key`],
  "api-key.revoked": ["API key revoked", ({ who, whose }) => `${who} revoked ${whose} API key`],
  "password.changed": ["Password changed", ({ who, whose }) => `${who} changed ${whose} password`],
  "password.reset-asked": [
    "Password link asked for",
    ({ who, whom, own }) => `${who} asked for a link to set a new password${own ? "" : ` for ${whom}`}`,
  ],
  "password.reset": [
    "Password set through a mailed link",
    ({ who, whose }) => `${who} set ${whose} password through a mailed link`,
  ],
  "email.change-asked": [
    "Email change asked for",
    ({ who, whose }) => `${who} asked to change ${whose} email`,
  ],
  "email.changed": ["Email changed", ({ who, whose }) => `${who} changed ${whose} email`],
  "invitation.sent": ["Invitation sent", ({ who }) => `${who} sent an invitation`],
  "invitation.withdrawn": ["Invitation withdrawn", ({ who }) => `${who} withdrew an invitation`],
  "invitation.accepted": ["Invitation accepted", ({ who }) => `${who} joined by an invitation`],
  "person.created": ["Person created", ({ who, whose }) => `${who} created ${whose} account`],
  "person.changed": ["Person changed", ({ who, whose }) => `${who} changed ${whose} account`],
  "person.deactivated": ["Person deactivated", ({ who, whose }) => `${who} deactivated ${whose} account`],
  "person.reactivated": ["Person reactivated", ({ who, whose }) => `${who} reactivated ${whose} account`],
  "settings.changed": ["Settings changed", ({ who }) => `${who} changed the settings`],
  "encryption.rotated": ["Encryption rotated", ({ who }) => `${who} sealed the stored secrets anew`],
  "role.created": ["Role created", ({ who }) => `${who} created a role`],
  "role.deleted": ["Role deleted", ({ who }) => `${who} deleted a role`],
  "service-account.created": [
    "Service account created",
    ({ who, whom }) => `${who} created the service account ${whom}`,
  ],
  "service-account.changed": [
    "Service account changed",
    ({ who, whom }) => `${who} changed the service account ${whom}`,
  ],
  "service-account.deactivated": [
    "Service account deactivated",
    ({ who, whom }) => `${who} deactivated the service account ${whom}`,
  ],
  "service-account.reactivated": [
    "Service account reactivated",
    ({ who, whom }) => `${who} reactivated the service account ${whom}`,
  ],
};

/** What a mailed link lets somebody do without signing in: it is told without its doer, who is nobody known. */
const BY_LINK: Partial<Record<TrailAction, (whose: string, whom: string) => string>> = {
  "password.reset-asked": (_, whom) =>
    `A link to set a new password${whom === "you" ? "" : ` for ${whom}`} was asked for`,
  "password.reset": (whose) => `${whose} password was set through a mailed link`,
  "email.changed": (whose) => `${whose} email was changed through the link sent to the new address`,
};

/** The actions for a drop-down, by their label. */
export const TRAIL_ACTIONS = Object.entries(WORDS)
  .map(([value, [label]]) => ({ value, label }))
  .sort((a, b) => (a.label.toLowerCase() < b.label.toLowerCase() ? -1 : 1));

/** An entry in words for a reader: "You regenerated your API key"; `readerId` is who "you" are, null for nobody. */
export function describeEntry(entry: TrailEntry, readerId: string | null) {
  return {
    id: entry.id,
    at: entry.at,
    sentence: sentenceOf(entry, readerId),
    particulars: particularsOf(entry),
    by: entry.keyId ? `key lk${entry.keyId}` : undefined,
    device: entry.actorKind === "command-line" ? "Command line" : deviceName(entry.client),
    address: entry.address ?? "–",
  };
}

function sentenceOf(entry: TrailEntry, readerId: string | null): string {
  const byLink = entry.actorKind === "visitor" ? BY_LINK[entry.action] : undefined;
  if (byLink) {
    const isReader = readerId !== null && entry.subjectId === readerId;
    const subject = entry.subjectName;
    return byLink(
      isReader ? "Your" : possessive(subject ?? "Somebody no longer here"),
      isReader ? "you" : (subject ?? "somebody no longer here"),
    );
  }
  // An action that a newer version wrote has no words here.
  return WORDS[entry.action]?.[1](partsOf(entry, readerId), entry) ?? entry.action;
}

function partsOf(entry: TrailEntry, readerId: string | null): Parts {
  const { actorId, subjectId } = entry;
  const own = actorId !== null && actorId === subjectId;
  const subject = entry.subjectName ?? "somebody no longer here";
  const isReader = readerId !== null && subjectId === readerId;
  if (readerId !== null && actorId === readerId) {
    return { who: "You", whose: own ? "your" : possessive(subject), whom: own ? "yourself" : subject, own };
  }
  return {
    who: whoOf(entry),
    whose: isReader ? "your" : own ? "their" : possessive(subject),
    whom: isReader ? "you" : own ? "themselves" : subject,
    own,
  };
}

function whoOf({ actorKind, actorName }: TrailEntry): string {
  if (actorKind === "command-line") return "An operator at the command line";
  if (actorKind === "visitor") return "Somebody not signed in";
  return actorName ?? "Somebody no longer here";
}

/** True where a session went on under a new id after a change, which nobody would call signing in. */
function isRenewal(secondFactor: unknown): boolean {
  return secondFactor === "password change" || secondFactor === "reset";
}

function possessive(name: string): string {
  return `${name}'s`;
}
