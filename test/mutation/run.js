/**
 * The mutation run, `npm run mutate`: breaks the security core one place at a time, the code by Stryker's mutants and the
 * SQL by those of sql.js, and tries the tests that run that place until one notices. Prints what none noticed, and ends
 * with 1 where less than 85 % were noticed. SAMPLE: the share of mutants that are tried, by chance (1); SEED: which;
 * SECONDS: after so long in tests a mutant has survived (60); CONCURRENCY: workers (2); FILES: only sources so named.
 */
const { mkdirSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const { codeMutants } = require("./code");
const { filesOf, SOURCES, TESTS } = require("./core");
const { Sandbox } = require("./sandbox");
const { sqlMutants } = require("./sql");

const ROOT = path.join(__dirname, "..", "..");
const OUT = path.join(ROOT, "mutation");
const LEAST = 0.85;
const { SAMPLE = "1", SEED = "1", SECONDS = "60", CONCURRENCY = "2", FILES = "" } = process.env;

async function main() {
  rmSync(path.join(OUT, "sandbox"), { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  const names = filesOf(ROOT, SOURCES).filter((name) => name.includes(FILES));
  const sources = names.map((name) => ({ name, content: readFileSync(path.join(ROOT, name), "utf8") }));
  const code = await codeMutants(sources, path.join(OUT, "tools"));
  const sql = sources.flatMap(({ name, content }) =>
    sqlMutants(content).map((mutant) => ({ file: name, ...mutant })),
  );
  const all = [...code.mutants, ...sql];
  const sandboxes = Array.from(
    { length: Number(CONCURRENCY) },
    (_, i) => new Sandbox(ROOT, path.join(OUT, "sandbox", `${i}`), code.files),
  );

  const tests = filesOf(ROOT, TESTS).map((test) => ({ test, seconds: 0, ran: undefined }));
  await share([...tests], sandboxes, look);
  const usable = tests.filter(({ ran }) => ran !== undefined);
  const mutants = all.filter(chosen(Number(SAMPLE), Number(SEED)));
  console.log(
    `${all.length} places can be broken, ${mutants.length} are tried, by ${usable.length} of ${tests.length} test files`,
  );

  const noticedBy = new Map();
  let tried = 0;
  await share([...mutants], sandboxes, async (mutant, sandbox) => {
    const order = inOrder(mutant, usable, all, noticedBy.get(mutant.file) ?? new Map());
    mutant.noticedBy = await tryOut(mutant, order, sandbox);
    if (mutant.noticedBy) count(noticedBy, mutant);
    tried += 1;
    process.stderr.write(
      `${tried} of ${mutants.length}${mutant.noticedBy ? "" : `, survived: ${told(mutant)}`}\n`,
    );
  });
  for (const sandbox of sandboxes) sandbox.end();
  writeFileSync(
    path.join(OUT, "mutants.json"),
    JSON.stringify(
      mutants.map(({ source, ...about }) => about),
      null,
      1,
    ),
  );
  process.exitCode = tell(mutants) < LEAST ? 1 : 0;
}

/** Everybody takes the next thing to do, until nothing is left. */
async function share(todo, workers, work) {
  await Promise.all(
    workers.map(async (worker) => {
      for (let next = todo.shift(); next; next = todo.shift()) await work(next, worker);
    }),
  );
}

/** Notes what a test file runs of the sources, and how long it takes; one that needs more than a sandbox has is left out. */
async function look(one, sandbox) {
  const began = performance.now();
  const { passed, ran, why } = await sandbox.run(one.test);
  if (!passed)
    return console.log(`Left out, for it fails where nothing is broken: ${one.test}\n${why}`.slice(0, 600));
  one.seconds = (performance.now() - began) / 1000;
  one.ran = new Set(ran);
}

/** By chance, but the same ones for the same seed (mulberry32). */
function chosen(share, seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296 < share;
  };
}

/** The tests that run the place, those first that have noticed most in its file, then those that run much of it soon. */
function inOrder({ id, file }, tests, all, noticed) {
  const ofFile = all.filter((one) => one.file === file && one.id !== undefined).map((one) => one.id);
  const share = ({ ran }) => ofFile.filter((one) => ran.has(one)).length / Math.max(ofFile.length, 1);
  const worth = (one) => [noticed.get(one.test) ?? 0, share(one) / (1 + one.seconds)];
  const runs = ({ ran }) =>
    id === undefined ? ofFile.length === 0 || ofFile.some((one) => ran.has(one)) : ran.has(id);
  return tests
    .filter(runs)
    .map((one) => ({ one, worth: worth(one) }))
    .sort((a, b) => b.worth[0] - a.worth[0] || b.worth[1] - a.worth[1])
    .map(({ one }) => one);
}

async function tryOut(mutant, order, sandbox) {
  let left = Number(SECONDS);
  for (const { test, seconds } of order) {
    if (left <= 0) break;
    left -= seconds;
    if (!(await sandbox.run(test, mutant)).passed) return test;
  }
  return undefined;
}

function count(noticedBy, { file, noticedBy: test }) {
  const ofFile = noticedBy.get(file) ?? new Map();
  ofFile.set(test, (ofFile.get(test) ?? 0) + 1);
  noticedBy.set(file, ofFile);
}

const told = ({ file, line, was, instead }) => `${file}:${line}  ${was}  =>  ${instead}`;

/** Prints what nobody noticed, and the share that was noticed in each file; returns that in all. */
function tell(mutants) {
  const noticed = (some) => some.filter((one) => one.noticedBy).length;
  const percent = (some) =>
    `${noticed(some)} of ${some.length}, ${((100 * noticed(some)) / some.length).toFixed(1)} %`;
  for (const one of mutants) if (!one.noticedBy) console.log(told(one));
  for (const file of new Set(mutants.map((one) => one.file)))
    console.log(`${file}: ${percent(mutants.filter((one) => one.file === file))}`);
  console.log(`Of code: ${percent(mutants.filter(({ id }) => id !== undefined))}`);
  console.log(`Of SQL: ${percent(mutants.filter(({ id }) => id === undefined))}`);
  console.log(`In all: ${percent(mutants)}`);
  return noticed(mutants) / mutants.length;
}

main();
