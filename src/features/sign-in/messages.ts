// What the forms of signing in say of each wrong answer.

/** Of a password. */
export const PASSWORD_MESSAGES = {
  wrong: "The email or the password is not right. Check both and try again",
  lapsed:
    "That password was made up for you, and has ended. Choose your own by “Forgotten your password?” below",
};

const CLOSED =
  "Too many wrong codes were entered in a row, so no more are looked at from here. Sign in from somewhere you have signed in before, or ask your administrator to reset two-factor authentication";

/** Of a one-time code. */
export const CODE_MESSAGES = {
  closed: CLOSED,
  malformed: "Enter the 6 digits your authenticator app shows",
  wrong: "That code is not right. Enter the one your app shows now",
  used: "That code has been used already. Wait for the next one, at most 30 seconds",
  unreadable:
    "Your authenticator cannot be read on our side, so no code can be checked. Use a recovery code, or ask an administrator to reset two-factor authentication",
};

const RECOVERY_WRONG = "That recovery code is not right, or has been used already. Try another one";

/** Of a recovery code. */
export const RECOVERY_MESSAGES = {
  closed: CLOSED,
  malformed: "Enter a whole recovery code: 16 letters and digits, or 12 where it is an older one",
  wrong: RECOVERY_WRONG,
  used: RECOVERY_WRONG,
};
