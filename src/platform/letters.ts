import type { Letter } from "../base/letter";

// All letters, so that they speak with one voice. Each says what happened, and what to do if it was not you.
const NOT_YOU = "If this was not you, change your password at once and tell your administrator.";

/** To somebody who replaced their authenticator. */
export function authenticatorReplaced(): Letter {
  const what =
    "The authenticator of your Latchkey account was replaced. Codes of the old one no longer work, and new recovery codes took the place of the old ones.";
  return { subject: "Two-factor authentication was reset", paragraphs: [what, NOT_YOU] };
}

/** To somebody whose second factor was taken away by an administrator, or by the operator of the server. */
export function secondFactorReset(by: "An administrator" | "The operator of the server"): Letter {
  return {
    subject: "Two-factor authentication was reset",
    paragraphs: [
      `${by} reset two-factor authentication for your Latchkey account. Your authenticator and your recovery codes no longer work. You are signed out everywhere and set up a new authenticator when you next sign in.`,
      "If you did not ask for this, change your password at once and tell your administrator.",
    ],
  };
}

/** To somebody whose recovery codes were replaced by new ones; the authenticator stayed. */
export function recoveryCodesReplaced(): Letter {
  return {
    subject: "Your recovery codes were replaced",
    paragraphs: [
      "Ten new recovery codes were made for your Latchkey account on its profile page. The old ones no longer work.",
      // Whoever made them has them, whatever the password is.
      "If this was not you, change your password and get new recovery codes at once, and tell your administrator.",
    ],
  };
}

/** To somebody who signed in with a recovery code. */
export function recoveryCodeUsed(left: number): Letter {
  const codes = left === 1 ? "1 recovery code is" : `${left} recovery codes are`;
  return {
    subject: "A recovery code was used",
    paragraphs: [`Somebody signed in to your Latchkey account with a recovery code. ${codes} left.`, NOT_YOU],
  };
}

/** To somebody at whose second factor somebody else, most likely, is guessing. */
export function wrongCodes(count: number): Letter {
  return {
    subject: "Wrong codes were entered for your account",
    paragraphs: [
      `Somebody gave the right password of your Latchkey account, and then ${count} wrong codes in a row. They are not signed in.`,
      "If this was not you, your password is known to somebody else: change it at once, and tell your administrator.",
    ],
  };
}

/** To the owner of a key that was generated, regenerated or revoked, or whoever is responsible for a service account. */
export function apiKeyChanged(
  what: "generated" | "regenerated" | "revoked",
  keyId: string,
  serviceAccount?: string,
): Letter {
  const [whose, of] = serviceAccount
    ? [`The API key of the service account ${serviceAccount}`, `the service account ${serviceAccount}`]
    : ["Your API key", "your Latchkey account"];
  const effect = {
    generated: `A new API key, lk${keyId}…, was generated for ${of}.`,
    regenerated: `${whose} was regenerated. The new one begins with lk${keyId}; the old one stopped working.`,
    revoked: `${whose}, lk${keyId}…, was revoked. Nothing accepts it any more.`,
  }[what];
  const next = serviceAccount
    ? "You get this letter because you are responsible for this account. If you did not expect it, tell your administrator."
    : NOT_YOU;
  return { subject: `${whose} was ${what}`, paragraphs: [effect, next] };
}

/** To somebody whose password was changed. */
export function passwordChanged(how: "changed" | "reset"): Letter {
  const what = {
    changed: "was changed on the profile page. Your other sessions have ended.",
    reset: "was set anew through a link sent by mail. You are signed out everywhere.",
  }[how];
  return {
    subject: "Your password was changed",
    paragraphs: [
      `The password of your Latchkey account ${what} An API key keeps working until you revoke it on your profile.`,
      // Whoever changed it may have locked them out.
      "If this was not you, use “Forgotten your password?” on the sign-in page at once, and tell your administrator.",
    ],
  };
}

/** The link with which a forgotten password is replaced. */
export function passwordReset(url: string): Letter {
  return {
    subject: "Choose a new password",
    paragraphs: [
      "Somebody, perhaps you, asked for a new password for your Latchkey account.",
      "The link works once, for one hour. If you did not ask for it, do nothing: your password stays as it is.",
    ],
    link: { label: "Choose a new password", url },
  };
}

/** The link that confirms a new email address, sent to the new address. */
export function emailChange(url: string): Letter {
  return {
    subject: "Confirm your new email address",
    paragraphs: [
      "This address is to become the email of a Latchkey account, once you open the link and confirm it there.",
      "The link works once, for one hour. If you did not ask for it, do nothing.",
    ],
    link: { label: "Confirm this address", url },
  };
}

/** To the address somebody wants to use who may not: it belongs to another account. */
export function emailTaken(): Letter {
  return {
    subject: "Somebody wanted to use your email address",
    paragraphs: [
      "Somebody asked for this address to become the email of their Latchkey account. It is yours already, so nothing was changed.",
    ],
  };
}

/** To the old address: a change was asked for. */
export function emailChangeAsked(newEmail: string): Letter {
  return {
    subject: "Your email address is about to change",
    paragraphs: [
      `Somebody asked to change the email of your Latchkey account to ${newEmail}. It changes once somebody opens the link sent there and confirms it.`,
      "If this was not you, change your password at once: that ends the link. Then tell your administrator.",
    ],
  };
}

/** To the old address: the change is done. */
export function emailChanged(newEmail: string): Letter {
  return {
    subject: "Your email address was changed",
    paragraphs: [
      `The email of your Latchkey account is now ${newEmail}. You sign in with that one.`,
      NOT_YOU,
    ],
  };
}

/** The link with which somebody who was invited joins. */
export function invitation(url: string, invitedBy: string): Letter {
  return {
    subject: "You are invited to Latchkey",
    paragraphs: [
      `${invitedBy} invites you to join. You enter your name and choose a password; setting up two-factor authentication follows.`,
      "The link works once, for 7 days. If you do not know what this is about, do nothing: without the link no account is made.",
    ],
    link: { label: "Join", url },
  };
}

/** To somebody who signed in from where they had not before; `device` in words, such as "Firefox on Windows". */
export function signedInFromNewDevice(device: string, address: string | null, when: Date): Letter {
  const time = when.toLocaleString("en-GB", { timeZone: "UTC", dateStyle: "long", timeStyle: "short" });
  return {
    subject: "A new sign-in to your account",
    paragraphs: [
      `Somebody signed in to your Latchkey account from a device or place not seen before: ${device}, from the address ${address ?? "unknown"}, on ${time} UTC.`,
      "If it was you, there is nothing to do.",
      NOT_YOU,
    ],
  };
}

/** To somebody for whom an administrator made a link for a new password. */
export function passwordLinkGiven(): Letter {
  return {
    subject: "A link for a new password was made",
    paragraphs: [
      "An administrator made a link with which you can choose a new password for your Latchkey account, to give it to you in another way than by mail. It works once, for one hour.",
      "If you did not ask for this, tell your administrators at once.",
    ],
  };
}

/** To somebody who is now responsible for service accounts that another person was responsible for. */
export function nowResponsible(accounts: string[], predecessor: string): Letter {
  return {
    subject: "You are responsible for service accounts now",
    paragraphs: [
      `The account of ${predecessor} was deactivated, and you were named to take over their service accounts: ${accounts.join(", ")}.`,
      "You are written to whenever the key of one of them changes. If this is a mistake, tell your administrator.",
    ],
  };
}
