import type { Config } from "../../platform/config";
import { openPool } from "../../platform/database";
import { findPendingMigrations } from "../../platform/migrations";
import { countReplicas } from "../../records/replicas";
import { type DatabaseServer, readServer } from "../../records/server";
import { listMissingTrailGuards, type TrailGuard } from "../../records/trail-guards";
import { type Finding, sentenceOf } from "../command";
import { MIGRATIONS, openDatabase } from "../open-installation";
import { mendOf } from "../tell-unreached";
import { about } from "./finding";
import { lookAtSecret } from "./look-at-secret";

const MOST_SKEW_MS = 2_000;

/** What is found of the database and what is in it, and how many programs run on it, where that can be told. */
export async function lookAtDatabase(config: Config): Promise<{ findings: Finding[]; running?: number }> {
  const { problem } = about("Database");
  try {
    const { url, close } = await openDatabase(config, false);
    const db = openPool(url, () => {});
    try {
      const asked = Date.now();
      const server = await readServer(db);
      const skew = server.at.getTime() - (asked + Date.now()) / 2;
      const findings = [aboutServer(server), aboutClock(skew, config.databaseUrl === undefined)];
      try {
        const pending = await findPendingMigrations(url, MIGRATIONS);
        findings.push(aboutMigrations(pending));
        if (pending.length > 0) return { findings };
      } catch (error) {
        return { findings: [...findings, about("Migrations").problem(sentenceOf(error))] };
      }
      return {
        findings: [
          ...findings,
          ...aboutTrail(await listMissingTrailGuards(db)),
          ...(await lookAtSecret(db, config)),
        ],
        running: await countReplicas(db),
      };
    } finally {
      await db.end();
      await close();
    }
  } catch (error) {
    return { findings: [problem(whyAway(error, config))] };
  }
}

function whyAway(error: unknown, { databaseUrl, dataDir }: Config): string {
  const sentence = sentenceOf(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (/ENOSPC|No space left/i.test(sentence) || code === "53100")
    return `the disk is full: make room where ${dataDir} is. ${sentence}`;
  if (databaseUrl === undefined) return sentence;
  return `${sentence}: ${mendOf(error) ?? "see whether DATABASE_URL is right"}`;
}

function aboutServer({ version, readOnly }: DatabaseServer): Finding {
  const { ok, problem } = about("Database");
  if (readOnly)
    return problem(
      `Postgres ${version} takes no changes: point DATABASE_URL at the primary, not at a standby`,
    );
  return ok(`reachable, Postgres ${version}`);
}

function aboutMigrations(pending: string[]): Finding {
  const { ok, problem } = about("Migrations");
  if (pending.length === 0) return ok("up to date");
  return problem(`${pending.join(", ")} missing: run the command migrate, or start the program`);
}

function aboutTrail(missing: TrailGuard[]): Finding[] {
  const { ok, problem } = about("Trail");
  if (missing.length === 0) return [ok("the database lets nobody change what is in it")];
  return missing.map(({ table, trigger }) =>
    problem(
      `the trigger ${trigger} is off, so that entries can be changed: alter table ${table} enable trigger ${trigger} ` +
        "(where it is gone, restore a backup), and see what audit verify says",
    ),
  );
}

function aboutClock(skew: number, sameComputer: boolean): Finding {
  const { ok, problem } = about("Clock");
  const seconds = (Math.abs(skew) / 1000).toFixed(1);
  if (Math.abs(skew) > MOST_SKEW_MS) {
    const says = `${seconds} s ${skew > 0 ? "behind" : "ahead of"} the database's: set the clocks by NTP, or one-time codes are refused`;
    return problem(says);
  }
  if (sameComputer)
    return ok("the database's too, so there is none to compare it with: keep it right by NTP");
  return ok(`${seconds} s from the database's`);
}
