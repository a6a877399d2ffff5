import { setFlagsFromString } from "node:v8";

const GROWS_BY_PERCENT = 35;

/**
 * Lets the heap grow by a third of what was in use before it is looked through again. Node grows it by the memory of the
 * machine instead: where that is large, several times of what is in use is garbage that nobody has looked for. Nothing is put
 * into the old part before it has grown old. One thread looks through the young part: it is so small that threads to help
 * cost more than they do. And leaves out the one of V8's compilers that works for the first seconds alone: what it
 * works with stays resident.
 */
export function keepHeapSmall(): void {
  // V8 reads these each time it looks through the heap, or compiles, so they may be set while the program runs.
  setFlagsFromString(`--heap-growing-percent=${GROWS_BY_PERCENT}`);
  setFlagsFromString("--no-allocation-site-pretenuring");
  setFlagsFromString("--no-parallel-scavenge");
  setFlagsFromString("--no-maglev");
}
