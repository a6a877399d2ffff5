import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { ASVS_IDS } from "./support/asvs";

const ROOT = path.join(__dirname, "..");
const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");
const paper = read("SECURITY.md");

type Row = { id: string; state: string; words: string };

/** The rows of the tables of requirements: id or section, state, and where it is met. */
const rows: Row[] = paper
  .split("\n")
  .filter((line) => /^\| (V\d|\d\.\d)/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([, id = "", , state = "", words = ""]) => ({ id, state, words }));

/** What the paper names, in its order: files in backticks, and tests in curly quotes after their file. */
const named = [...paper.replace(/\s+/g, " ").matchAll(/`([^` ]+)`|“([^”]+)”/g)].map(([, code, title]) => ({
  code,
  title,
}));
const isFile = (code: string) =>
  /^(src|test|views|public|migrations)\/|^[\w-]+\.(md|json|ts)$|^Dockerfile$/.test(code);

describe("SECURITY.md", () => {
  it("has each requirement of ASVS at levels 1 and 2 once", () => {
    const found = rows.flatMap(({ id }) => id.match(/V\d+\.\d+\.\d+/g) ?? []);
    expect(found).toEqual(ASVS_IDS);
  });

  it("goes through NIST SP 800-63B-4 too", () => {
    expect(rows.filter(({ id }) => /^\d/.test(id)).length).toBeGreaterThan(40);
  });

  it("says of each in which state it is", () => {
    const states = ["met", "partly", "open", "operator", "no"];
    expect(rows.filter(({ state }) => !states.includes(state))).toEqual([]);
  });

  it("says of what is met which test shows it, that none does, or where the paper itself does", () => {
    const shown = /“|no test|above|awaits|DECISIONS|V\d+\.\d+\.\d+/;
    const silent = rows.filter(({ state, words }) => /met|partly/.test(state) && !shown.test(words));
    expect(silent.map(({ id, words }) => `${id} ${words}`)).toEqual([]);
  });

  it("names files that are there", () => {
    const files = named.flatMap(({ code }) => (code && isFile(code) ? [code] : []));
    expect(files.length).toBeGreaterThan(200);
    expect([...new Set(files)].filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
  });

  it("quotes tests that are in the file it names before them", () => {
    const missing: string[] = [];
    let file = "";
    let quoted = 0;
    for (const { code, title } of named) {
      if (code && isFile(code)) file = code;
      if (title === undefined) continue;
      quoted += 1;
      if (!/^test\//.test(file) || !read(file).includes(`"${title}"`)) missing.push(`${file}: ${title}`);
    }
    expect(quoted).toBeGreaterThan(150);
    expect(missing).toEqual([]);
  });

  it("lists at its end what the tables call open", () => {
    const end = paper.slice(paper.indexOf("## Open, the gravest first"));
    const open = rows.filter(({ state, words }) => state === "open" || words.includes(": open"));
    const unlisted = open.filter(({ id }) => !end.includes(id));
    expect(unlisted.map(({ id }) => id)).toEqual([]);
  });

  it("lists at its end what no test shows", () => {
    const end = paper.slice(paper.indexOf("## Open, the gravest first"));
    const untested = rows.filter(({ id, words }) => id.startsWith("V") && words.includes("no test"));
    expect(untested.filter(({ id }) => !new RegExp(`${id}\\b`).test(end)).map(({ id }) => id)).toEqual([]);
  });
});
