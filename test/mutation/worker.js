const path = require("node:path");

/** Runs test files of the sandbox it stands in, one for each message, with one mutant switched on or none. */
const { runCLI } = require(path.join(process.cwd(), "node_modules", "jest"));
const config = path.join(process.cwd(), "test", "mutation", "jest.config.js");

process.on("message", async ({ test, wanted, mutant }) => {
  if (mutant === undefined) delete process.env.__STRYKER_ACTIVE_MUTANT__;
  else process.env.__STRYKER_ACTIVE_MUTANT__ = mutant;
  globalThis.wanted = wanted && new Set(wanted);
  const argv = { config, runInBand: true, silent: true, reporters: [], runTestsByPath: true, _: [test] };
  const { results } = await runCLI(argv, [process.cwd()]);
  process.send({
    passed: results.success && results.numPassedTests > 0,
    seen: globalThis.seen,
    why: results.testResults[0]?.failureMessage,
  });
});
