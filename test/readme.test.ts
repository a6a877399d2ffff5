import { readFileSync } from "node:fs";
import path from "node:path";
import { SETTINGS } from "../src/platform/config";
import { runHere } from "./support/command-line";

const README = readFileSync(path.join(__dirname, "..", "README.md"), "utf8");

/** The rows of the table that begins with these words, cell by cell. */
function table(...head: string[]): string[][] {
  const lines = README.split("\n").map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  const start = lines.findIndex((cells) => head.every((words, i) => cells[i] === words));
  const end = lines.findIndex((cells, i) => i > start && cells.length === 0);
  return lines.slice(start + 2, end);
}

describe("README", () => {
  it("lists the variables as the schema that reads them has them", () => {
    const rows = SETTINGS.map(({ name, otherwise, is }) => [`\`${name}\``, otherwise, is]);
    expect(table("variable", "default")).toEqual(rows);
  });

  it("names which of them can be given by file", () => {
    const secrets = SETTINGS.filter(({ secret }) => secret).map(({ name }) => `\`${name}\``);
    const sentence = `${secrets.slice(0, -1).join(", ")} and ${secrets.at(-1)} can also be given as the path of a file`;
    expect(README.replace(/\s+/g, " ")).toContain(sentence);
  });

  it("lists every command", async () => {
    const { err } = await runHere({}, []);
    const known = [...err.matchAll(/^ {2}latchkey ([a-z0-9 -]*[a-z0-9])/gm)].map(
      ([, words = ""]) => words.split(" --")[0],
    );
    const listed = table("command", "what it does").map(([first = ""]) => first.replaceAll("`", ""));
    expect(known.length).toBeGreaterThan(8);
    for (const words of known)
      expect(listed.filter((row) => `${row} `.startsWith(`${words} `))).toHaveLength(1);
    expect(listed).toHaveLength(known.length);
  });
});
