import { Counter, type Registry } from "prom-client";

const OF_A_CODE = ["signed-in", "wrong", "used", "malformed", "closed", "throttled", "refused"] as const;

/** The steps of signing in, and how each can come out. */
const SIGN_IN = {
  password: ["signed-in", "code", "enrolment", "wrong", "lapsed", "throttled", "refused"],
  "one-time code": [...OF_A_CODE, "clock", "unreadable"],
  "recovery code": OF_A_CODE,
  enrolment: ["signed-in", "wrong", "malformed", "clock", "lapsed", "throttled", "refused"],
} as const;

const GUESSED = ["password", "code", "letter", "link", "API key"] as const;
const KEY_REFUSED = ["none", "wrong", "ended"] as const;

type SignIn = typeof SIGN_IN;

/** What is counted when it happens. */
export type Events = {
  /** A step of signing in: what was given, and what came of it. */
  signIn<Step extends keyof SignIn>(step: Step, outcome: SignIn[Step][number]): void;
  /** A try that was refused because there had been too many. */
  throttled(guessed: (typeof GUESSED)[number]): void;
  /** A request that needs an API key and came without one, with one that is not known, or with one that has ended. */
  keyRefused(reason: (typeof KEY_REFUSED)[number]): void;
};

/** What counts them; everything that can happen is there from the beginning, at zero, so that a first time is a rise. */
export function openEvents(registry: Registry): Events {
  const registers = [registry];
  const signIns = new Counter({
    name: "latchkey_sign_in_steps_total",
    help: "Steps of signing in by what was given and what came of it; signed-in: nothing else was due; code, enrolment: the password was right and this is due; clock: right but for the phone's clock; used: given before; closed: too many wrong in a row; lapsed: a password that was made up, or a QR code, had ended; unreadable: see the command doctor; refused: the session or the account ended meanwhile",
    labelNames: ["step", "outcome"],
    registers,
  });
  const throttled = new Counter({
    name: "latchkey_throttled_total",
    help: "Tries refused because there had been too many, by what was tried",
    labelNames: ["guessed"],
    registers,
  });
  const keysRefused = new Counter({
    name: "latchkey_api_keys_refused_total",
    help: "Requests without a good API key: none given, a wrong one, or one that has ended",
    labelNames: ["reason"],
    registers,
  });
  for (const [step, outcomes] of Object.entries(SIGN_IN))
    for (const outcome of outcomes) signIns.inc({ step, outcome }, 0);
  for (const guessed of GUESSED) throttled.inc({ guessed }, 0);
  for (const reason of KEY_REFUSED) keysRefused.inc({ reason }, 0);
  return {
    signIn: (step, outcome) => signIns.inc({ step, outcome }),
    throttled: (guessed) => throttled.inc({ guessed }),
    keyRefused: (reason) => keysRefused.inc({ reason }),
  };
}
