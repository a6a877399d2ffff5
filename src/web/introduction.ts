import { timingSafeEqual } from "node:crypto";
import { deriveKey, keyedHash } from "../platform/seal";

/**
 * How the doctor and a program that runs know each other: each proves that it has APP_SECRET, for one nonce, without
 * telling anything of it. A proof that somebody has read on the way is good for the same question again, and no other.
 */
export type Introduction = {
  /** What to send with a question, or with its answer. */
  prove(side: "question" | "answer", nonce: string): string;
  /** True for what `prove` made, under whichever of the secrets. */
  isProof(side: "question" | "answer", nonce: string, proof: string): boolean;
};

/** The introduction of whoever has these values of APP_SECRET: the first proves, all are good. */
export function openIntroduction(secrets: string[]): Introduction {
  const keys = secrets.map((secret) => deriveKey(secret, "introduction"));
  const proofs = (side: string, nonce: string): Buffer[] =>
    keys.map((key) => Buffer.from(keyedHash(key, `${side}:${nonce}`).toString("base64url")));
  return {
    prove: (side, nonce) => String(proofs(side, nonce)[0]),
    isProof(side, nonce, proof) {
      const given = Buffer.from(proof);
      return proofs(side, nonce).some((good) => good.length === given.length && timingSafeEqual(good, given));
    },
  };
}
