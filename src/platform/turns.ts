/** Too many wait for this turn already. */
export class TooManyWaiting extends Error {}

/**
 * Lets works of the same name happen one after another in this process, and those of different names at once. Throws
 * TooManyWaiting where `mostWaiting` wait already.
 */
export function makeTurns(mostWaiting: number): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const queues = new Map<string, { length: number; last: Promise<unknown> }>();
  return async (name, work) => {
    const queue = queues.get(name) ?? { length: 0, last: Promise.resolve() };
    if (queue.length > mostWaiting) throw new TooManyWaiting();
    queues.set(name, queue);
    queue.length += 1;
    const mine = queue.last.then(work);
    queue.last = mine.catch(() => {});
    try {
      return await mine;
    } finally {
      queue.length -= 1;
      if (queue.length === 0) queues.delete(name);
    }
  };
}
