import { randomBytes } from "node:crypto";
import type { Seen } from "../../features/health/pages";
import type { Introduction } from "../../web/introduction";

const PATIENCE_MS = 5_000;
/** An address from a range that is nobody's (RFC 5737): a program that takes the doctor for it believes anybody. */
export const MADE_UP_ADDRESS = "192.0.2.77";

/** What came of asking: this installation's own answer, somebody else's, a redirect, or none. */
export type Asked =
  | { kind: "ours"; seen: Seen }
  | { kind: "redirect"; to: string }
  | { kind: "other"; status: number }
  | { kind: "silent"; code: string; sentence: string };

/**
 * Asks the program that answers at this origin how it sees the request, with one introduction after another: in the
 * middle of a rotation a program that runs does not have the newest secret yet. Undefined where there is none.
 */
export async function askProgram(origin: string, introductions: Introduction[]): Promise<Asked | undefined> {
  let asked: Asked | undefined;
  for (const introduction of introductions) {
    asked = await ask(origin, introduction);
    if (asked.kind !== "other") break;
  }
  return asked;
}

async function ask(origin: string, introduction: Introduction): Promise<Asked> {
  const nonce = randomBytes(12).toString("base64url");
  const headers = {
    "x-latchkey-doctor": `${nonce} ${introduction.prove("question", nonce)}`,
    "x-forwarded-for": MADE_UP_ADDRESS,
  };
  try {
    const answer = await fetch(new URL("/healthz/doctor", origin), {
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = await answer.text();
    const to = answer.headers.get("location");
    if (answer.status >= 300 && answer.status < 400 && to !== null) return { kind: "redirect", to };
    const seen = answer.ok ? readSeen(text) : undefined;
    if (!seen || !introduction.isProof("answer", nonce, seen.proof))
      return { kind: "other", status: answer.status };
    return { kind: "ours", seen };
  } catch (error) {
    return { kind: "silent", ...whySilent(error) };
  }
}

function readSeen(text: string): Seen | undefined {
  try {
    const seen = JSON.parse(text);
    return typeof seen?.proof === "string" ? seen : undefined;
  } catch {
    return undefined;
  }
}

// fetch says "fetch failed", and why in the cause.
function whySilent(error: unknown): { code: string; sentence: string } {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  const code = first instanceof Error && "code" in first ? String(first.code) : "";
  return { code, sentence: first instanceof Error ? first.message || code : String(first) };
}
