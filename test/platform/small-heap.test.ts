import { execFileSync } from "node:child_process";
import path from "node:path";

const MODULE = path.join(__dirname, "..", "..", "dist", "platform", "small-heap.js");

// Sessions, rows and pages come and go: many live through several looks at the young part of the heap, and then no more.
const COMES_AND_GOES = `
  const kept = [];
  let most = 0;
  for (let i = 0; i < 3_000_000; i++) {
    kept[i % 100_000] = { name: "some text " + i, values: [i, i + 1, i + 2] };
    if (i % 1000 === 0) most = Math.max(most, process.memoryUsage().heapTotal);
  }
  process.stdout.write(String(most));
`;

/** The most bytes of heap that a program has whose objects come and go. */
function heapOf(before: string): number {
  return Number(execFileSync(process.execPath, ["-e", before + COMES_AND_GOES], { encoding: "utf8" }));
}

it("a heap that is kept small is smaller than as Node leaves it, for the same work", () => {
  const small = heapOf(`require(${JSON.stringify(MODULE)}).keepHeapSmall();`);
  // As Node leaves it, it is now and then smaller by chance.
  const asLeft = Math.max(...Array.from({ length: 3 }, () => heapOf("")));
  expect(small).toBeLessThan(asLeft * 0.85);
});

const OFTEN_CALLED = `
  const often = new Function("most", "let sum = 0; for (let i = 0; i < most; i++) sum += i % 7; return sum");
  const isMaglevs = new Function("often", "return %ActiveTierIsMaglev(often)");
  let seen = false;
  for (let i = 0; i < 20_000; i++) {
    often(20);
    seen ||= isMaglevs(often);
  }
  process.stdout.write(String(seen));
`;

it("no function is compiled by Maglev, where V8 has it", () => {
  const before = `require(${JSON.stringify(MODULE)}).keepHeapSmall();`;
  const args = ["--allow-natives-syntax", "-e", before + OFTEN_CALLED];
  expect(execFileSync(process.execPath, args, { encoding: "utf8" })).toBe("false");
});

it("the young part of the heap is looked through by one thread", () => {
  const before = `require(${JSON.stringify(MODULE)}).keepHeapSmall();`;
  const args = ["--trace-gc-nvp", "-e", before + COMES_AND_GOES];
  const told = execFileSync(process.execPath, args, { encoding: "utf8", maxBuffer: 2 ** 26 });
  const helpers = [...told.matchAll(/background\.scavenge\.parallel=([\d.]+)/g)].map(([, ms]) => Number(ms));
  expect(helpers.length).toBeGreaterThan(5);
  expect(Math.max(...helpers)).toBe(0);
});

// What is made in one place lives long at first, as while the program starts, and not at all later.
const LIVED_LONG_ONCE = `
  const kept = [];
  const make = (i) => ({ name: "some text " + i, values: [i, i + 1, i + 2] });
  for (let i = 0; i < 300_000; i++) kept[i % 150_000] = make(i);
  kept.length = 0;
  let sum = 0;
  for (let i = 0; i < 2_000_000; i++) sum += make(i).values.length;
`;

it("nothing is put among what is old at once, because its like grew old before", () => {
  const inOldSpace = (before: string) => {
    // V8 decides once the young part is as large as it may be.
    const args = [
      "--max-semi-space-size=1",
      "--trace-pretenuring-statistics",
      "-e",
      before + LIVED_LONG_ONCE,
    ];
    return execFileSync(process.execPath, args, { encoding: "utf8", maxBuffer: 2 ** 26 });
  };
  expect(inOldSpace("")).toContain("=> tenure");
  expect(inOldSpace(`require(${JSON.stringify(MODULE)}).keepHeapSmall();`)).not.toContain("=> tenure");
});
