import { generateSecret, generateURI, verifySync } from "otplib";

/** The length of a time step, in seconds (RFC 6238). */
export const STEP_SECONDS = 30;

// RFC 6238 section 5.2 recommends one step of drift either way.
const DRIFT_SECONDS = STEP_SECONDS;

// otplib looks at 99 steps at most.
const NOTICED_SECONDS = 24 * 60;

/** Makes a new authenticator secret: 160 random bits (RFC 4226 section 4 recommends them) in base 32, 32 characters. */
export function makeAuthenticatorSecret(): string {
  return generateSecret();
}

/** The address inside the QR code, in the key URI format that authenticator apps read. */
export function authenticatorUri(secret: string, email: string, issuer: string): string {
  return generateURI({ issuer, label: email, secret });
}

/** A one-time code as typed, freed of spaces and hyphens, or `undefined` when it is not 6 digits. */
export function normaliseCode(typed: string): string | undefined {
  const bare = typed.replace(/[\s-]/g, "");
  return /^[0-9]{6}$/.test(bare) ? bare : undefined;
}

/**
 * The time step (whole steps since 1970) whose code this is, within one step of `now`; `undefined` when it is none.
 * That the code is right is half the check: the step must then be spent, which `spendStep` does once.
 */
export function matchingStep(secret: string, code: string, now: Date): number | undefined {
  return findStep(secret, code, now, DRIFT_SECONDS);
}

/**
 * The time step whose code this is within 24 minutes of `now`, for a hint that a clock is off; never to accept a code
 * by. Of a million wrong codes some hundred are right at another time.
 */
export function stepOfWrongClock(secret: string, code: string, now: Date): number | undefined {
  return findStep(secret, code, now, NOTICED_SECONDS);
}

/** How far a clock is off that shows the code of this step now, in words: "about 4 minutes ahead". */
export function describeClock(step: number, now: Date): string {
  const seconds = step * STEP_SECONDS - Math.floor(now.getTime() / 1000 / STEP_SECONDS) * STEP_SECONDS;
  const minutes = Math.max(1, Math.round(Math.abs(seconds) / 60));
  return `about ${minutes} ${minutes === 1 ? "minute" : "minutes"} ${seconds > 0 ? "ahead" : "behind"}`;
}

/** The message at the field of a code that is right for a clock some minutes off; `clock` in words. */
export function clockMessage(clock: string): string {
  return `That code is right for another time: your phone’s clock is ${clock}. Set it to the automatic time, then enter the code your app shows`;
}

function findStep(secret: string, code: string, now: Date, tolerance: number): number | undefined {
  const epoch = Math.floor(now.getTime() / 1000);
  const result = verifySync({ secret, token: code, epoch, epochTolerance: tolerance });
  return result.valid && "timeStep" in result ? result.timeStep : undefined;
}
