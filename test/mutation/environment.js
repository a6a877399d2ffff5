const Environment = require("../support/outside-sandbox/environment");

// Times are compared by tests that a machine busy with mutants spoils, and races need their many rounds to be lost.
const LEFT_OUT = /same time|takes as long|takes no longer|times as long|\d rounds/;

/** The tests' own environment, in which the first failure is the last, and which says what was run of the sources. */
module.exports = class extends Environment {
  handleTestEvent(event) {
    if (event.name === "test_done" && event.test.errors.length > 0) this.isFoundOut = true;
    if (event.name === "test_start" && (this.isFoundOut || LEFT_OUT.test(event.test.name)))
      event.test.mode = "skip";
  }

  async teardown() {
    globalThis.ran = Object.keys(this.global.__stryker__?.mutantCoverage?.static ?? {});
    await super.teardown();
  }
};
