import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CREATE_ADA, runHere, spawnLatchkey } from "../support/command-line";
import { asking, emptyDatabase } from "../support/restored";

jest.setTimeout(600_000);

const APP_SECRET = "an operator's secret of more than thirty-two characters";
const BACKUP_PASSPHRASE = "a passphrase of some length";
const ENTRIES = 8_000;

const folder = mkdtempSync(path.join(tmpdir(), "latchkey-restore-killed-"));
const file = path.join(folder, "some.backup");
let source: Awaited<ReturnType<typeof emptyDatabase>>;
let sha256: string;
let takesMs: number;

async function answerOf(env: Record<string, string>, ...args: string[]) {
  return JSON.parse((await runHere(env, [...args, "--json"])).out);
}

beforeAll(async () => {
  source = await emptyDatabase();
  const env = { DATABASE_URL: source.url, APP_SECRET };
  await answerOf(env, "migrate");
  await answerOf(env, ...CREATE_ADA);
  await asking(source.url, (client) =>
    client.query(
      `with added as (insert into trail (action, actor_kind) select 'a', 'person' from generate_series(2, ${ENTRIES}) returning id)
       insert into trail_unlinked select id from added`,
    ),
  );
  await answerOf(env, "audit", "verify");
  ({ sha256 } = await answerOf({ ...env, BACKUP_PASSPHRASE }, "backup", file));
});
afterAll(async () => {
  await source.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** Kills a restore at some moment, then asks for it again; says whether the killed one had been empty or whole. */
async function killAndRestore(
  env: Record<string, string>,
  lookBetween: () => Promise<unknown>,
): Promise<string> {
  const child = spawnLatchkey(env, ["restore", file]);
  const ended = new Promise((resolve) => child.once("close", resolve));
  await sleep(takesMs * (0.15 + Math.random() * 0.85));
  child.kill("SIGKILL");
  await ended;
  await lookBetween();
  const again = await answerOf(env, "restore", file);
  if (!again.ok) expect(again.error).toContain("The installation is not empty");
  else expect(again.sha256).toBe(sha256);
  const kept = path.join(folder, `${Math.random()}.backup`);
  expect(await answerOf(env, "backup", kept)).toMatchObject({ ok: true, sha256 });
  expect(await answerOf(env, "audit", "verify")).toMatchObject({ intact: true, entries: ENTRIES });
  return again.ok ? "empty" : "whole";
}

describe("a restore killed with SIGKILL", () => {
  it("8 times, leaves a database of one's own empty or whole each time, and can be run again", async () => {
    const found: string[] = [];
    for (let round = 0; round <= 8; round++) {
      const { url, drop } = await emptyDatabase();
      const env = { DATABASE_URL: url, APP_SECRET, BACKUP_PASSPHRASE };
      if (round === 0) {
        const began = performance.now();
        await new Promise((resolve) => spawnLatchkey(env, ["restore", file]).once("close", resolve));
        takesMs = performance.now() - began;
      } else {
        const look = async () => {
          const rows = await asking(url, async (client) => {
            const { rows } = await client.query("select to_regclass('trail_chain') is not null as there");
            if (!rows[0].there) return [0, 0, 0];
            const counted = await client.query(
              `select (select count(*) from people)::int p, (select count(*) from trail)::int t,
                      (select count(*) from trail_chain)::int c`,
            );
            return Object.values(counted.rows[0]);
          });
          expect([
            [0, 0, 0],
            [1, ENTRIES, ENTRIES],
          ]).toContainEqual(rows);
        };
        found.push(await killAndRestore(env, look));
      }
      await drop();
    }
    expect(found).toContain("empty");
  });

  it("3 times, leaves a data folder empty or whole each time, and can be run again", async () => {
    for (let round = 0; round < 3; round++) {
      const env = { DATA_DIR: path.join(folder, `data-${round}`), BACKUP_PASSPHRASE };
      await killAndRestore(env, async () => {});
      expect(await answerOf(env, "doctor")).toMatchObject({ ok: true });
    }
  });
});
