const { createHash } = require("node:crypto");
const { appendFileSync, existsSync, readFileSync } = require("node:fs");

/** What came of mutants, one a line in a file: a run that was broken off goes on where it was, as far as sources are the same. */
class Store {
  #file;
  #known = new Map();

  constructor(file) {
    this.#file = file;
    const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").filter(Boolean) : [];
    for (const { key, ...came } of lines.map((line) => JSON.parse(line))) this.#known.set(key, came);
  }

  /** `{noticedBy}`, or undefined where the mutant was not tried yet. */
  of({ key }) {
    return this.#known.get(key);
  }

  put({ key, file, line, was, instead, noticedBy }) {
    appendFileSync(this.#file, `${JSON.stringify({ key, file, line, was, instead, noticedBy })}\n`);
    this.#known.set(key, { noticedBy });
  }
}

/** Gives each mutant of a source a key: the same for the same place in the same source. */
function withKeys(content, mutants) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  return mutants.map((mutant, i) => ({ ...mutant, key: `${hash}-${i}` }));
}

module.exports = { Store, withKeys };
