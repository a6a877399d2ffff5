import path from "node:path";
import { keyChecks, profiles } from "./asks";
import type { Ask } from "./connection";
import { flood } from "./flood";
import { type Installation, openInstallation } from "./installation";
import { paced } from "./load";
import { ALL_CORES } from "./serve";

const SIGN_INS = 300;
const PASSWORD = "Sunshine-Harbour-42";
// A line that is full, and a throttle of the one address they all come from.
const NOT_NOW = [503, 429];
const QUIET_SECONDS = 15;
const A_SECOND = { keyChecks: 100, profiles: 30 };

/** The 99th percentile of what other people ask meanwhile, in milliseconds and against the quiet before. */
export type SignIns = {
  seconds: number;
  keyCheckQuiet: number;
  keyCheckMeanwhile: number;
  keyCheckRatio: number;
  profileQuiet: number;
  profileMeanwhile: number;
  profileRatio: number;
};

/** 300 people sign in at once, while others look at their profile and let keys be checked at a steady rate. */
export async function signIns(): Promise<SignIns> {
  const installation = await openInstallation({ people: 1_000, trailEntries: 1_000 }, SIGN_INS);
  try {
    await givePasswords(installation);
    const { port } = await installation.serve(ALL_CORES);
    const others = async (until: Promise<unknown>) => ({
      keyCheck: paced(port, keyChecks(installation.askers), A_SECOND.keyChecks, until),
      profile: paced(port, profiles(installation.askers), A_SECOND.profiles, until),
    });
    const p99 = async (times: Promise<Float64Array>) => at99(await times);
    await (await others(pause(3))).profile;
    const quiet = await others(pause(QUIET_SECONDS));
    const [keyCheckQuiet, profileQuiet] = await Promise.all([p99(quiet.keyCheck), p99(quiet.profile)]);
    const flooded = flood(port, installation.askers.map(signIn));
    const meanwhile = await others(flooded);
    const [keyCheckMeanwhile, profileMeanwhile] = await Promise.all([
      p99(meanwhile.keyCheck),
      p99(meanwhile.profile),
    ]);
    return {
      seconds: await flooded,
      keyCheckQuiet,
      keyCheckMeanwhile,
      keyCheckRatio: keyCheckMeanwhile / keyCheckQuiet,
      profileQuiet,
      profileMeanwhile,
      profileRatio: profileMeanwhile / profileQuiet,
    };
  } finally {
    await installation.stop();
  }
}

/** Everybody who asks gets the same password, hashed as the product does. */
async function givePasswords({ db, askers, appSecret }: Installation): Promise<void> {
  const { openDesk } = require(path.join(__dirname, "..", "web", "desk.js"));
  const log = { level: "silent", info() {}, debug() {}, warn() {}, error() {}, child: () => log };
  const desk = await openDesk({ db, log, baseUrl: new URL("http://localhost"), appSecret });
  const hash = await desk.passwords.hash(PASSWORD);
  await db.query("update people set password_hash = $1 where id = any($2)", [
    hash,
    askers.map(({ id }) => id),
  ]);
}

function signIn({ email }: { email: string }): Ask {
  const body = new URLSearchParams({ email, password: PASSWORD }).toString();
  const head = [
    "POST /sign-in HTTP/1.1",
    "Host: localhost",
    "Sec-Fetch-Site: same-origin",
    "Content-Type: application/x-www-form-urlencoded",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return { request: Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`), status: 303, orElse: NOT_NOW };
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

function at99(sorted: Float64Array): number {
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}
