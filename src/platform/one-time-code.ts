import { generateSecret, generateURI, verifySync } from "otplib";

/** The length of a time step, in seconds (RFC 6238). */
export const STEP_SECONDS = 30;

// RFC 6238 section 5.2 recommends one step of drift either way.
const DRIFT_SECONDS = STEP_SECONDS;

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
  const epoch = Math.floor(now.getTime() / 1000);
  const result = verifySync({ secret, token: code, epoch, epochTolerance: DRIFT_SECONDS });
  return result.valid && "timeStep" in result ? result.timeStep : undefined;
}
