/**
 * Starts one work in each turn of the event loop, in the order they came: what else has arrived meanwhile goes between
 * them, however many came at once.
 */
export function oneATurn(): (work: () => void) => void {
  const waiting: (() => void)[] = [];

  function next(): void {
    const work = waiting.shift();
    if (waiting.length > 0) setImmediate(next);
    work?.();
  }

  return (work) => {
    waiting.push(work);
    if (waiting.length === 1) setImmediate(next);
  };
}
