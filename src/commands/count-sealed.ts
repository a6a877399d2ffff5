import type { Unopenable } from "../features/encryption/look-at-sealed";

const WHAT_THEN = {
  authenticators: "their owners sign in with a recovery code, or after admin reset-2fa",
  letters: "they cannot be sent, and are given up after three days",
  parkedForms: "they are forgotten by themselves",
};

const WHAT = { authenticators: "authenticator", letters: "letter", parkedForms: "parked form" };

/** Values that no secret opens, in a sentence, with what becomes of them. */
export function tellUnopenable({ kind, count, whose }: Unopenable): string {
  const names = whose.length > 0 ? ` (${whose.join(", ")}${count > whose.length ? " and others" : ""})` : "";
  return `${countOf(count, WHAT[kind])}${names} cannot be opened with any secret: ${WHAT_THEN[kind]}.`;
}

/** "1 letter", "2 letters". */
export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** "1 value is sealed", "2 values are sealed". */
export function sealedValues(count: number): string {
  return `${countOf(count, "value")} ${count === 1 ? "is" : "are"} sealed`;
}

/** "1 running program seals", "2 running programs seal". */
export function sealers(count: number): string {
  return `${countOf(count, "running program")} ${count === 1 ? "seals" : "seal"}`;
}
