const { fork } = require("node:child_process");
const { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } = require("node:fs");
const path = require("node:path");

const COPIED = [
  "src",
  "test",
  "views",
  "public",
  "migrations",
  ".github",
  "jest.config.js",
  "package.json",
  "tsconfig.json",
  "README.md",
];
// A test file takes half a minute at most; what takes so much longer goes round for ever.
const LONGEST_MS = 120_000;
// Jest's own memory of what it has run grows by some megabytes each time.
const RUNS_OF_A_WORKER = 150;

/** A copy of the project with the mutants inside, and a process with a Postgres of its own that runs its tests. */
class Sandbox {
  #worker;
  #runs = 0;

  constructor(root, folder, files) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    for (const name of COPIED) cpSync(path.join(root, name), path.join(folder, name), { recursive: true });
    symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
    for (const { name, content } of files) writeFileSync(path.join(folder, name), content);
  }

  /** Runs those `wanted` of a test file or all, with this mutant or none; passed is false too where it comes to no end. */
  async run(test, wanted, { id, file, source } = {}) {
    if (source === undefined) return this.#ask({ test, wanted, mutant: id });
    const place = path.join(this.folder, file);
    const instrumented = readFileSync(place);
    writeFileSync(place, source);
    try {
      return await this.#ask({ test, wanted });
    } finally {
      writeFileSync(place, instrumented);
    }
  }

  end() {
    this.#worker?.kill();
    this.#worker = undefined;
    this.#runs = 0;
  }

  #ask(message) {
    if (this.#runs === RUNS_OF_A_WORKER) this.end();
    this.#worker ??= this.#start();
    this.#runs += 1;
    const worker = this.#worker;
    return new Promise((resolve) => {
      const gone = () => answer({ passed: false });
      const tooLong = setTimeout(() => worker.kill("SIGKILL"), LONGEST_MS);
      const answer = (said) => {
        clearTimeout(tooLong);
        worker.off("message", answer).off("exit", gone);
        if (worker.exitCode !== null || worker.signalCode !== null) this.#worker = undefined;
        resolve(said);
      };
      worker.on("message", answer).on("exit", gone);
      worker.send({ ...message, test: path.join(this.folder, message.test) });
    });
  }

  #start() {
    return fork(path.join(__dirname, "worker.js"), {
      cwd: this.folder,
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
  }
}

module.exports = { Sandbox };
