import { setTimeout as pause } from "node:timers/promises";
import { Alive, NotReady, Ready } from "../../web/api/schemas";
import type { Visit } from "../../web/visit";

/** GET /healthz: the process answers. */
export async function alive({ res }: Visit): Promise<void> {
  res.type("text").send(Alive.value);
}

const LONGEST_MS = 1_500;

/** GET /readyz: the database answers too; 503 when it does not within a second and a half. */
export async function ready({ res, desk }: Visit): Promise<void> {
  // Asked where no transaction is waited for: a busy replica is a ready one.
  const asked = desk.lookups.query("select 1").then(
    () => true,
    () => false,
  );
  const timer = new AbortController();
  const answer = await Promise.race([asked, pause(LONGEST_MS, false, timer).catch(() => false)]).finally(() =>
    timer.abort(),
  );
  res
    .status(answer ? 200 : 503)
    .type("text")
    .send(answer ? Ready.value : NotReady.value);
}
