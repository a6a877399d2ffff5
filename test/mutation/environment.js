const Environment = require("../support/outside-sandbox/environment");

// Times are compared by tests that a machine busy with mutants spoils, and races need their many rounds to be lost.
const LEFT_OUT = /same time|takes as long|takes no longer|times as long|\d rounds/;

/**
 * The tests' own environment, in which only those `wanted` run (all where that is undefined), the first failure is the
 * last, and `seen` tells what of the sources each ran, and in how many seconds. What is run before all tests of a
 * `describe` is told under its name, and what is run by loading under "".
 */
module.exports = class extends Environment {
  #seconds = {};

  handleTestEvent(event, state) {
    if (event.name === "run_start") leaveOut(state.rootDescribeBlock);
    if (event.name === "hook_start" && event.hook.type === "beforeAll") this.#tellUnder(event.hook.parent);
    if (event.name === "test_start") this.#tellUnder(event.test);
    if (event.name === "test_start" && this.isFoundOut) event.test.mode = "skip";
    if (event.name === "test_done" && event.test.errors.length > 0) this.isFoundOut = true;
    if (event.name === "test_done") this.#seconds[nameOf(event.test)] = (event.test.duration ?? 0) / 1000;
  }

  // Stryker's own name for it; what comes after a test until the next begins still counts as that one's.
  #tellUnder(block) {
    this.global.__stryker__ ??= {};
    this.global.__stryker__.currentTestId = nameOf(block);
  }

  async teardown() {
    const { static: loading = {}, perTest = {} } = this.global.__stryker__?.mutantCoverage ?? {};
    const told = Object.entries({ ...perTest, "": { ...loading, ...perTest[""] } });
    globalThis.seen = {
      ran: Object.fromEntries(told.map(([name, ids]) => [name, Object.keys(ids)])),
      seconds: this.#seconds,
    };
    await super.teardown();
  }
};

// Before anything runs, for then nothing is prepared either where all of a `describe` is left out.
function leaveOut(block) {
  for (const child of block.children) {
    if (child.type === "describeBlock") leaveOut(child);
    else if (LEFT_OUT.test(child.name) || globalThis.wanted?.has(nameOf(child)) === false)
      child.mode = "skip";
  }
}

/** The names from the outermost `describe` to this block, each ended by a line. */
function nameOf(block) {
  return block.parent ? `${nameOf(block.parent)}${block.name}\n` : "";
}
