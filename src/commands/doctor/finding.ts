import type { Finding } from "../command";

/** What the doctor can say about one thing. */
export function about(what: string): Record<Finding["state"], (says: string) => Finding> {
  const finding = (state: Finding["state"]) => (says: string) => ({ about: what, state, says });
  return { ok: finding("ok"), note: finding("note"), problem: finding("problem") };
}
