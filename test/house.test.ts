import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const SRC = path.join(__dirname, "..", "src");

/** The floor a file stands on, and the room it is in; imports point to lower floors or stay in the room. */
function placeOf(file: string): { floor: number; room: string } {
  const [top = "", second = ""] = file.split("/");
  const name = path.basename(file);
  if (top === "base") return { floor: 0, room: file };
  if (top === "platform") return { floor: 1, room: second.endsWith(".ts") ? file : `platform/${second}` };
  if (top === "records") return { floor: 2, room: second.endsWith(".ts") ? file : `records/${second}` };
  if (top === "features") {
    const room = `features/${second}`;
    if (name === "form.ts") return { floor: 2, room };
    return { floor: name === "pages.ts" ? 4 : 3, room };
  }
  if (top === "web") return { floor: 3, room: "web" };
  if (top === "commands") return { floor: 7, room: "commands" };
  if (top === "middleware") return { floor: 4, room: file };
  const floor = { "routes.ts": 5, "server.ts": 6, "main.ts": 8, "cli.ts": 8 }[file];
  if (floor === undefined) throw new Error(`src/${file} stands on no floor`);
  return { floor, room: file };
}

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.split(path.sep).join("/"));

const sources = new Map(files.map((file) => [file, readFileSync(path.join(SRC, file), "utf8")]));

function importsOf(file: string): string[] {
  const text = sources.get(file) ?? "";
  return [...text.matchAll(/(?:from|import|require)\s*\(?\s*"([^"]+)"/g)].map(([, target = ""]) => target);
}

function resolve(file: string, target: string): string {
  const at = path.posix.join(path.posix.dirname(file), target);
  for (const candidate of [`${at}.ts`, `${at}/index.ts`]) if (sources.has(candidate)) return candidate;
  throw new Error(`src/${file} imports ${target}, which is not there`);
}

describe("the house", () => {
  it("has every file on a floor", () => {
    expect(files.length).toBeGreaterThan(50);
    for (const file of files) expect(placeOf(file).floor).toBeGreaterThanOrEqual(0);
  });

  it.each(files)("src/%s imports only from lower floors or its own room", (file) => {
    const from = placeOf(file);
    for (const target of importsOf(file).filter((name) => name.startsWith("."))) {
      const to = placeOf(resolve(file, target));
      const fits = to.floor < from.floor || (to.room === from.room && to.floor <= from.floor);
      expect({ target, fits }).toEqual({ target, fits: true });
    }
  });

  it("keeps the ground floor free of libraries", () => {
    for (const file of files.filter((name) => name.startsWith("base/"))) {
      for (const target of importsOf(file)) expect(target).toMatch(/^(node:|\.)/);
    }
  });

  it("reads the environment and the arguments only at the top", () => {
    const readers = files.filter((file) => /process\.(env|argv)/.test(sources.get(file) ?? ""));
    // The second hands the environment on to programs of Postgres, without reading settings from it.
    const allowed = /^((main|cli)\.ts|platform\/embedded-postgres\/(guard|program-environment)\.ts)$/;
    expect(readers.filter((file) => !allowed.test(file))).toEqual([]);
  });

  it("keeps SQL in records, and redirects in one place", () => {
    const sql = files.filter((file) => /\.query[(<]/.test(sources.get(file) ?? ""));
    const allowed = /^(records|platform)\//;
    expect(sql.filter((file) => !allowed.test(file))).toEqual([]);
    expect(files.filter((file) => /\.redirect\(/.test(sources.get(file) ?? ""))).toEqual(["web/leave.ts"]);
  });

  it("asks the clock only where time comes in", () => {
    const askers = files.filter((file) => /new Date\(\)|Date\.now\(\)/.test(sources.get(file) ?? ""));
    expect(askers.filter((file) => !file.startsWith("platform/embedded-postgres/")).sort()).toEqual([
      "commands/doctor/look-at-database.ts",
      "platform/log/time-in-words.ts",
      "web/desk.ts",
    ]);
  });

  it("keeps nothing in a connection that a pooler would give to somebody else", () => {
    // Sent as SQL in lower case: locks, tables and listeners of a session, and names but those of queryPrepared.
    const ofSession =
      /pg_(try_)?advisory_(un)?lock\b|["`;]\s*listen [a-z_]+|create temp|\bprepare [a-z_]+ as\b/;
    // The lock on the data folder has a connection to the Postgres that comes along, with nothing between.
    expect(files.filter((file) => ofSession.test(sources.get(file) ?? ""))).toEqual([
      "platform/embedded-postgres/app-lock.ts",
    ]);
    const naming = files.filter((file) =>
      /queryPrepared|\bname: "[^"]*", text:/.test(sources.get(file) ?? ""),
    );
    expect(naming.filter((file) => !/^(records\/|platform\/prepared\.ts)/.test(file))).toEqual([]);
    const setting = files.filter((file) =>
      /["'`;]\s*set (?!local |transaction )[a-z_]+ *(=|to) /.test(sources.get(file) ?? ""),
    );
    expect(setting).toEqual([]);
  });

  it("keeps files small", () => {
    const long = files.filter((file) => (sources.get(file) ?? "").split("\n").length > 200);
    expect(long).toEqual([]);
  });
});
