import { generateSecret, generateURI, verifySync } from "otplib";

/** The length of a time step, in seconds (RFC 6238). */
export const STEP_SECONDS = 30;

const HOUR_MS = 60 * 60 * 1000;

// RFC 6238 section 5.2 recommends one step of drift either way.
const DRIFT_SECONDS = STEP_SECONDS;

// otplib looks at 99 steps at most.
const NOTICED_SECONDS = 24 * 60;
// A clock that was set by hand in another time zone, or before summer time began or ended, is off by whole hours.
const NOTICED_HOURS = 12;
const NEAR_THE_HOUR_SECONDS = 2 * STEP_SECONDS;

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
 * The time step whose code this is within 24 minutes of `now`, or within one of some hours before or after it, at most
 * twelve; for a hint that a clock is off, never to accept a code by. Of a million wrong codes some two hundred are right at
 * such another time.
 */
export function stepOfWrongClock(secret: string, code: string, now: Date): number | undefined {
  let step = findStep(secret, code, now, NOTICED_SECONDS);
  for (let hours = 1; step === undefined && hours <= NOTICED_HOURS; hours++) {
    const off = (sign: number) => new Date(now.getTime() + sign * hours * HOUR_MS);
    step =
      findStep(secret, code, off(1), NEAR_THE_HOUR_SECONDS) ??
      findStep(secret, code, off(-1), NEAR_THE_HOUR_SECONDS);
  }
  return step;
}

/** How far a clock is off that shows the code of this step now, in words: "about 4 minutes ahead", "about 1 hour behind". */
export function describeClock(step: number, now: Date): string {
  const seconds = step * STEP_SECONDS - Math.floor(now.getTime() / 1000 / STEP_SECONDS) * STEP_SECONDS;
  const minutes = Math.max(1, Math.round(Math.abs(seconds) / 60));
  const far = minutes < 45 ? counted(minutes, "minute") : counted(Math.round(minutes / 60), "hour");
  return `about ${far} ${seconds > 0 ? "ahead" : "behind"}`;
}

function counted(many: number, unit: string): string {
  return `${many} ${unit}${many === 1 ? "" : "s"}`;
}

/** The message at the field of a code that is right for a clock that is off; `clock` in words. */
export function clockMessage(clock: string): string {
  return `That code is right for another time: your phone’s clock is ${clock}. Set it to the automatic time, then enter the code your app shows`;
}

function findStep(secret: string, code: string, now: Date, tolerance: number): number | undefined {
  const epoch = Math.floor(now.getTime() / 1000);
  const result = verifySync({ secret, token: code, epoch, epochTolerance: tolerance });
  return result.valid && "timeStep" in result ? result.timeStep : undefined;
}
