/** What one test file runs of the sources: which of its tests have to do with a mutant, and how long they take. */
class Coverage {
  #ran;
  #seconds;
  #isSound = new Map();

  /** `ran` and `seconds` as environment.js has seen them. */
  constructor(test, { ran, seconds }) {
    this.test = test;
    this.#ran = Object.entries(ran).map(([block, ids]) => [block, new Set(ids)]);
    this.#seconds = new Map(Object.entries(seconds));
  }

  /** The names of the tests that run one of these mutants, or whose preparation does. */
  testsOf(ids) {
    const blocks = this.#ran.filter(([, ran]) => ids.some((id) => ran.has(id))).map(([block]) => block);
    return [...this.#seconds.keys()].filter((test) => blocks.some((block) => test.startsWith(block)));
  }

  /** Seconds that these take. */
  secondsOf(tests) {
    return tests.reduce((sum, test) => sum + (this.#seconds.get(test) ?? 0), 0);
  }

  /** True where these tests fail with the mutant and pass without it; some need what the tests before them have left. */
  async notices(mutant, tests, sandbox) {
    if ((await sandbox.run(this.test, tests, mutant)).passed) return false;
    const key = tests.join();
    if (!this.#isSound.has(key)) this.#isSound.set(key, (await sandbox.run(this.test, tests)).passed);
    return this.#isSound.get(key) || !(await sandbox.run(this.test, undefined, mutant)).passed;
  }
}

module.exports = { Coverage };
