import { setFlagsFromString } from "node:v8";

const GROWS_BY_PERCENT = 75;

/**
 * Lets the heap grow by three quarters of what was in use before it is looked through again. Node grows it by the memory of the
 * machine instead: where that is large, several times of what is in use is garbage that nobody has looked for.
 */
export function keepHeapSmall(): void {
  // V8 reads this one each time it looks through the heap, so it may be set while the program runs.
  setFlagsFromString(`--heap-growing-percent=${GROWS_BY_PERCENT}`);
}
