import type { Pool } from "pg";
import { isLost } from "../base/database-away";
import { snapshot } from "../platform/database";
import type { Logger } from "../platform/log";
import type { Metrics } from "../platform/metrics";
import { countAccounts } from "../records/accounts";
import { AGES, countKeysByAge, type KeyCount, LAST_USES } from "../records/api-keys/count-by-age";
import { countMail } from "../records/mail";
import { takeOneCore } from "../records/server";
import { countLiveSessions } from "../records/sessions/count-live";

const KEPT_MS = 15_000;
// At a million rows a count takes a second or so: it must not become what the database does all day.
const RESTS_TIMES = 50;

/** Something counted in the database now and then. */
type Figure = {
  /** Counts anew where the last count is old enough; those who ask meanwhile share it. Never throws. */
  refresh(): Promise<void>;
  /** Shows what was counted last; nothing where that failed, or `known` is false. */
  show(known: boolean): void;
};

/**
 * What metrics tell of the whole installation, counted in the database: each figure at most once in 15 seconds, and
 * never for more than a fiftieth of the time. `counts` should be connections nobody waits for, whose statements have an
 * end: one that is too slow leaves its figure out.
 */
export function openFigures(metrics: Metrics, counts: Pool, log: Logger): Figure[] {
  const sessions = metrics.gauge("sessions", "Live sessions: signed in, or a code or enrolment due", [
    "stage",
  ]);
  const byAge = metrics.gauge("api_keys_by_age", "API keys that work, by owner and age", ["kind", "age"]);
  const byLastUse = metrics.gauge("api_keys_by_last_use", "API keys that work, by owner and last use", [
    "kind",
    "last_use",
  ]);
  const mailWaiting = metrics.gauge("mail_waiting", "Letters that wait to be sent, or to be tried again");
  const mailOldest = metrics.gauge("mail_oldest_seconds", "How long the oldest of them has waited");
  const mailGivenUp = metrics.gauge("mail_given_up", "Letters given up within the last 30 days");
  const accounts = metrics.gauge("accounts", "People and service accounts, active and deactivated", [
    "kind",
    "state",
  ]);
  const without = metrics.gauge("people_without_two_factor", "Active people who have not set up two-factor");

  return [
    figure(counts, log, [sessions], countLiveSessions, (live) =>
      sessions.show(Object.entries(live).map(([stage, value]) => ({ stage, value }))),
    ),
    figure(counts, log, [byAge, byLastUse], countKeysByAge, (keys) => {
      byAge.show(sums(keys, "age", AGES, ({ age }) => age));
      byLastUse.show(sums(keys, "last_use", LAST_USES, ({ lastUse }) => lastUse));
    }),
    figure(counts, log, [mailWaiting, mailOldest, mailGivenUp], countMail, (mail) => {
      mailWaiting.show([{ value: mail.waiting }]);
      mailOldest.show([{ value: mail.oldestSeconds }]);
      mailGivenUp.show([{ value: mail.givenUp }]);
    }),
    figure(counts, log, [accounts, without], countAccounts, (counted) => {
      accounts.show(counted.accounts.map(({ kind, state, accounts: value }) => ({ kind, state, value })));
      without.show([{ value: counted.withoutSecondFactor }]);
    }),
  ];
}

function figure<Counted>(
  counts: Pool,
  log: Logger,
  gauges: { hide(): void }[],
  count: (tx: Pick<Pool, "query">) => Promise<Counted>,
  show: (counted: Counted) => void,
): Figure {
  let latest: { counted: Counted } | undefined;
  let againAt = 0;
  let counting: Promise<void> | undefined;

  async function countNow(): Promise<void> {
    let began = performance.now();
    try {
      const counted = await snapshot(counts, async (tx) => {
        // The wait for the connection costs the database nothing.
        began = performance.now();
        await takeOneCore(tx);
        return count(tx);
      });
      latest = { counted };
    } catch (error) {
      latest = undefined;
      // The next to ask tries again at once: nothing was counted.
      if (error instanceof Error && isLost(error)) return;
      log.warn({ err: error }, "What metrics tell of the database could not be counted");
    } finally {
      counting = undefined;
    }
    const now = performance.now();
    againAt = now + Math.max(KEPT_MS, RESTS_TIMES * (now - began));
  }

  return {
    refresh() {
      if (performance.now() >= againAt) counting ??= countNow();
      return counting ?? Promise.resolve();
    },
    show(known) {
      if (known && latest) show(latest.counted);
      else for (const gauge of gauges) gauge.hide();
    },
  };
}

const KINDS = ["person", "service-account"] as const;

/** Keys for each kind of owner and each of these words, also where there are none. */
function sums<Label extends string>(
  keys: KeyCount[],
  label: Label,
  words: readonly string[],
  wordOf: (count: KeyCount) => string,
) {
  return KINDS.flatMap((kind) =>
    words.map((word) => {
      const counts = keys.filter((count) => count.kind === kind && wordOf(count) === word);
      const value = counts.reduce((sum, count) => sum + count.keys, 0);
      return { kind, [label]: word, value } as { kind: string; value: number } & Record<Label, string>;
    }),
  );
}
