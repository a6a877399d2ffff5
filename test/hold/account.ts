import type { Pool } from "pg";
import { linkBatch } from "../../src/web/chain-trail";
import { verifyTrail } from "../../src/web/verify-trail";
import type { Somebody } from "./crowd";
import { type Load, send } from "./load";

/** What is wrong with the database, held against what the load was told: all of it should be nothing. */
export type Findings = {
  /** Answered as saved and not there. */
  lost: string[];
  /** There more than once. */
  double: string[];
  /** Told that nothing was changed, and changed. */
  denied: string[];
  /** A change without its entry in the trail, or the other way round. */
  half: string[];
  chain: string;
};

/** Counts everything the load did against what the database has, once it is quiet, through one replica. */
export async function account(db: Pool, load: Load, people: Somebody[], origin: string): Promise<Findings> {
  const findings: Findings = { lost: [], double: [], denied: [], half: [], chain: "" };
  await lookAtProfiles(db, load, people, findings);
  await lookAtKeys(db, load, people, origin, findings);
  await lookAtSessions(db, load, people, origin, findings);
  while ((await linkBatch(db)) !== 0);
  const verdict = await verifyTrail(db);
  findings.chain = verdict.intact ? "intact" : verdict.sentence;
  return findings;
}

async function lookAtProfiles(
  db: Pool,
  { told }: Load,
  people: Somebody[],
  findings: Findings,
): Promise<void> {
  const { rows: entries } = await db.query<{ id: string; from: string; to: string }>(
    `select subject_id as id, details->'firstName'->>'from' as from, details->'firstName'->>'to' as to
       from trail where action = 'profile.changed' order by trail.id`,
  );
  const written = new Map<string, number>();
  for (const { to } of entries) written.set(to, (written.get(to) ?? 0) + 1);
  for (const value of told.saved) if (!written.has(value)) findings.lost.push(value);
  for (const value of told.unsaved) if (written.has(value)) findings.denied.push(value);
  for (const [value, times] of written) if (times > 1) findings.double.push(value);
  const { rows: profiles } = await db.query<{ id: string; value: string; version: number }>(
    "select id, first_name as value, version from people",
  );
  for (const { id } of people) {
    const own = entries.filter((entry) => entry.id === id);
    const profile = profiles.find((one) => one.id === id);
    // Each entry begins where the one before it ended, and the last one where the profile stands.
    const places = ["Value 0", ...own.map(({ to }) => to)];
    if (own.some(({ from }, i) => from !== places[i]) || profile?.value !== places.at(-1))
      findings.half.push(`profile of ${id}: ${profile?.value}, entries ${places.join(", ")}`);
    if (profile?.version !== own.length + 1) findings.half.push(`version of ${id}: ${profile?.version}`);
  }
}

async function lookAtKeys(
  db: Pool,
  { told }: Load,
  people: Somebody[],
  origin: string,
  findings: Findings,
): Promise<void> {
  const { rows: entries } = await db.query<{ id: string; made: string; ended: string }>(
    `select subject_id as id, details->>'keyId' as made, details->>'replacedKeyId' as ended
       from trail where action = 'api-key.regenerated' order by trail.id`,
  );
  const { rows: keys } = await db.query<{ id: string; owner: string; live: boolean }>(
    "select id, person_id as owner, ended_at is null as live from api_keys",
  );
  for (const somebody of people) {
    const own = entries.filter(({ id }) => id === somebody.id);
    const places = [somebody.key.slice(2, 10), ...own.map(({ made }) => made)];
    if (own.some(({ ended }, i) => ended !== places[i])) findings.half.push(`keys of ${somebody.id}`);
    const live = keys.filter(({ owner, live }) => owner === somebody.id && live).map(({ id }) => id);
    if (live.length !== 1 || live[0] !== places.at(-1))
      findings.half.push(`live keys of ${somebody.id}: ${live}`);
    const shown = told.keys.get(somebody.id) ?? [somebody.key];
    for (const key of shown) {
      const id = key.slice(2, 10);
      if (!places.includes(id)) findings.lost.push(`key ${id}`);
      const answer = await send(false, origin, "/v1/authentication/verify", { "x-api-key": key });
      if (answer?.status !== (id === live[0] ? 200 : 401))
        findings.half.push(`key ${id} is answered ${answer?.status}`);
    }
  }
  if (entries.length + people.length !== keys.length)
    findings.half.push(`${keys.length} keys, ${entries.length} made`);
}

async function lookAtSessions(
  db: Pool,
  { told }: Load,
  people: Somebody[],
  origin: string,
  findings: Findings,
): Promise<void> {
  const { rows } = await db.query<{ row: string | null; entry: string | null }>(
    `select s.id as row, t.session_id as entry
       from (select id from sessions where stage = 'signed-in' and client is distinct from 'seeded') s
       full join (select session_id from trail where action = 'session.started') t on t.session_id = s.id`,
  );
  for (const { row, entry } of rows)
    if (row === null || entry === null) findings.half.push(`session ${row}, entry ${entry}`);
  if (told.cookies.length > rows.length) findings.lost.push(`${told.cookies.length - rows.length} sessions`);
  for (const cookie of told.cookies.slice(-20)) {
    const answer = await send(false, origin, "/profile", { cookie });
    if (answer?.status !== 200) findings.lost.push(`a session is answered ${answer?.status}`);
  }
  for (const { cookie } of people.slice(0, 20)) {
    const answer = await send(false, origin, "/profile", { cookie });
    if (answer?.status !== 200) findings.lost.push(`a seeded session is answered ${answer?.status}`);
  }
}
