/**
 * The mutation run, `npm run mutate`: breaks the security core one place at a time, the code by Stryker's mutants and the
 * SQL by those of sql.js, and tries the tests that run that place until one notices. Prints what none noticed, and ends
 * with 1 where less than 85 % were noticed. What came of each is kept in mutation/tried.jsonl, and a run goes on from there.
 * SAMPLE: the share of mutants that are tried, by chance (1); SEED: which; SECONDS: after so long in tests a mutant has
 * survived (60); CONCURRENCY: workers (2); FILES: only sources so named; AGAIN=survivors: those are tried again.
 */
const { mkdirSync, readFileSync, rmSync } = require("node:fs");
const path = require("node:path");
const { codeMutants } = require("./code");
const { filesOf, SOURCES, TESTS } = require("./core");
const { Coverage } = require("./coverage");
const { Sandbox } = require("./sandbox");
const { sqlMutants } = require("./sql");
const { Store, withKeys } = require("./store");

const ROOT = path.join(__dirname, "..", "..");
const OUT = path.join(ROOT, "mutation");
const LEAST = 0.85;
// What it takes to begin with a test file, and how many places its name speaks for: found by trying.
const BEGINNING_SECONDS = 0.7;
const LIKELY_BY_NAME = 5;
const { SAMPLE = "1", SEED = "1", SECONDS = "60", CONCURRENCY = "2", FILES = "", AGAIN } = process.env;

async function main() {
  rmSync(path.join(OUT, "sandbox"), { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  const names = filesOf(ROOT, SOURCES).filter((name) => name.includes(FILES));
  const sources = names.map((name) => ({ name, content: readFileSync(path.join(ROOT, name), "utf8") }));
  const code = await codeMutants(sources, path.join(OUT, "tools"));
  const all = sources.flatMap(({ name, content }) => {
    const ofFile = code.mutants.filter(({ file }) => file === name);
    return withKeys(content, [...ofFile, ...sqlMutants(content).map((one) => ({ file: name, ...one }))]);
  });
  const mutants = shuffled(all, Number(SEED)).slice(0, Math.ceil(all.length * Number(SAMPLE)));
  const store = new Store(path.join(OUT, "tried.jsonl"));
  for (const one of mutants) one.noticedBy = store.of(one)?.noticedBy;
  const left = mutants.filter((one) => !store.of(one) || (AGAIN === "survivors" && !one.noticedBy));

  const sandboxes = Array.from(
    { length: Number(CONCURRENCY) },
    (_, i) => new Sandbox(ROOT, path.join(OUT, "sandbox", `${i}`), code.files),
  );
  const tests = filesOf(ROOT, TESTS);
  const coverages = [];
  await share([...tests], sandboxes, async (test, sandbox) => {
    const { passed, seen, why } = await sandbox.run(test);
    if (passed) coverages.push(new Coverage(test, seen));
    else console.log(`Left out, for it fails where nothing is broken: ${test}\n${why}`.slice(0, 600));
  });
  console.log(
    `${all.length} places can be broken, ${left.length} are tried now, by ${coverages.length} of ${tests.length} test files`,
  );

  const noticedBy = new Map();
  const toTry = left.length;
  let tried = 0;
  await share(left, sandboxes, async (mutant, sandbox) => {
    const place = { file: mutant.file, ids: mutant.id === undefined ? around(mutant, all) : [mutant.id] };
    mutant.noticedBy = await tryOut(mutant, inOrder(place, coverages, noticedBy.get(mutant.file)), sandbox);
    store.put(mutant);
    if (mutant.noticedBy) count(noticedBy, mutant);
    tried += 1;
    process.stderr.write(`${tried} of ${toTry}${mutant.noticedBy ? "" : `, survived: ${told(mutant)}`}\n`);
  });
  for (const sandbox of sandboxes) sandbox.end();
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

/** In an order by chance, the same for the same seed (mulberry32): what was tried when a run is broken off is a fair sample. */
function shuffled(some, seed) {
  let state = seed;
  const draw = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  return some
    .map((one) => ({ one, at: draw() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

/** The mutants of code by which SQL is known to be run: of the least that has it inside, else of its whole file. */
function around({ file, line }, all) {
  const ofFile = all.filter((one) => one.file === file && one.id !== undefined);
  const having = ofFile.filter((one) => one.line <= line && line <= one.lastLine);
  const least = Math.min(...having.map((one) => one.lastLine - one.line));
  const [inner] = having.filter((one) => one.lastLine - one.line === least);
  return (inner ? [inner] : ofFile).map(({ id }) => id);
}

/** The tests that run the place by files, those first that are likely to notice for the seconds they take. */
function inOrder({ file, ids }, coverages, noticed = new Map()) {
  const likely = ({ test }) => 1 + (noticed.get(test) ?? 0) + (isNamedAlike(test, file) ? LIKELY_BY_NAME : 0);
  return coverages
    .map((coverage) => ({ coverage, tests: coverage.testsOf(ids) }))
    .filter(({ tests }) => tests.length > 0)
    .map(({ coverage, tests }) => ({ coverage, tests, seconds: coverage.secondsOf(tests) }))
    .map((one) => ({ ...one, worth: likely(one.coverage) / (BEGINNING_SECONDS + one.seconds) }))
    .sort((a, b) => b.worth - a.worth);
}

/** True for test/features/sign-in.test.ts and src/features/sign-in/pages.ts. */
function isNamedAlike(test, file) {
  return file.startsWith(test.replace("test/", "src/").replace(".test.ts", ""));
}

async function tryOut(mutant, order, sandbox) {
  let left = Number(SECONDS);
  for (const { coverage, tests, seconds } of order) {
    if (left <= 0) break;
    left -= seconds;
    if (await coverage.notices(mutant, tests, sandbox)) return coverage.test;
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
  for (const file of [...new Set(mutants.map((one) => one.file))].sort())
    console.log(`${file}: ${percent(mutants.filter((one) => one.file === file))}`);
  console.log(`Of code: ${percent(mutants.filter(({ id }) => id !== undefined))}`);
  console.log(`Of SQL: ${percent(mutants.filter(({ id }) => id === undefined))}`);
  console.log(`In all: ${percent(mutants)}`);
  return noticed(mutants) / mutants.length;
}

main();
