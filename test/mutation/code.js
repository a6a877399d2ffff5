const { execFileSync } = require("node:child_process");
const { existsSync } = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

// Not among the packages: seventy more for a run that is made now and then.
const INSTRUMENTER = "@stryker-mutator/instrumenter@9.6.1";
// A text that is broken is a word on a page or in the log; SQL is broken by sql.js.
const excludedMutations = ["StringLiteral"];

const silent = Object.fromEntries(
  ["trace", "debug", "info", "warn", "error", "fatal"].map((level) => [level, () => {}]),
);
const logger = { ...silent, isDebugEnabled: () => false };

/**
 * Stryker's mutants of these sources, `{name, content}` each: what can be broken, and the sources with all of it inside,
 * each to be switched on by its id in the environment. Installs Stryker's instrumenter in `tools`.
 */
async function codeMutants(sources, tools) {
  const entry = path.join(
    tools,
    "node_modules",
    "@stryker-mutator",
    "instrumenter",
    "dist",
    "src",
    "index.js",
  );
  if (!existsSync(entry))
    execFileSync(
      "npm",
      ["install", "--no-save", "--no-audit", "--no-fund", "--prefix", tools, INSTRUMENTER],
      {
        stdio: "ignore",
      },
    );
  const { Instrumenter } = await import(pathToFileURL(entry).href);
  const { files, mutants } = await new Instrumenter(logger).instrument(
    sources.map((source) => ({ ...source, mutate: true })),
    { plugins: null, excludedMutations, ignorers: [] },
  );
  const original = new Map(sources.map(({ name, content }) => [name, content.split("\n")]));
  return {
    files,
    mutants: mutants
      .filter(({ status }) => status !== "Ignored")
      .map(({ id, fileName, location, mutatorName, replacement }) => ({
        id,
        file: fileName,
        line: location.start.line + 1,
        lastLine: location.end.line + 1,
        was: cut(original.get(fileName) ?? [], location),
        instead: `${replacement} (${mutatorName})`,
      })),
  };
}

function cut(lines, { start, end }) {
  const text = lines.slice(start.line, end.line + 1).join("\n");
  const after = start.line === end.line ? end.column : text.length;
  return text.slice(start.column, after).replace(/\s+/g, " ").slice(0, 160);
}

module.exports = { codeMutants };
