import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { CREATE_ADA, runHere } from "./command-line";
import { asking, emptyDatabase, rowsIn } from "./restored";

const APP_SECRET = "an operator's secret of more than thirty-two characters";

const version = (url: string) =>
  asking(url, async (client) =>
    Number((await client.query("show server_version_num")).rows[0].server_version_num),
  );

async function done(env: Record<string, string>, ...args: string[]) {
  const { code, out } = await runHere(env, [...args, "--json"]);
  expect({ code, out: code === 0 ? "" : out }).toEqual({ code: 0, out: "" });
  return JSON.parse(out);
}

/**
 * Backs up from one server and restores on another, both of another version and told by a superuser's address, that of
 * the tests unless given: equal by hash, and row for row.
 */
export async function carry(from: string | undefined, to: string | undefined): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "latchkey-between-"));
  const [source, target] = [await emptyDatabase(from), await emptyDatabase(to)];
  try {
    expect(await version(source.url)).not.toBe(await version(target.url));
    const [here, there] = [source, target].map(({ url }) => ({ DATABASE_URL: url, APP_SECRET }));
    await done(here ?? {}, "migrate");
    await done(here ?? {}, ...CREATE_ADA);
    await asking(source.url, (client) =>
      client.query(
        `update people set first_name = E'A\\\\d\\ta\\nLove', roles = '{member,"a b",NULL}', created_at = '2001-02-03 04:05:06.789012Z';
         insert into roles (name) values ('Ä'), ('a'), ('B');
         with added as (insert into trail (action, actor_kind, details) values ('a', 'person', '{"b": [1.50, "ü"], "aa": null}') returning id)
         insert into trail_unlinked select id from added`,
      ),
    );
    const file = path.join(folder, "a.backup");
    const { sha256 } = await done(here ?? {}, "backup", file);
    expect(await done(there ?? {}, "restore", file)).toMatchObject({ sha256 });
    expect(await rowsIn(target.url)).toEqual(await rowsIn(source.url));
    expect(await done(there ?? {}, "audit", "verify")).toMatchObject({ intact: true, entries: 2 });
  } finally {
    await source.drop();
    await target.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}
