type Work = (done: () => void) => void;

/** All in milliseconds, but `most`. */
export type Pace = {
  /** How many may be under way. */
  most: number;
  /** One that has taken so long counts no more: what hangs holds up nobody for long. */
  longest: number;
  /** From the start of one to that of the next. */
  apart: number;
  /** Where more wait than can start this far apart within this time, they start as much closer together. */
  within: number;
};

/**
 * Starts works in the order they came, each in a turn of the event loop of its own and at this pace. What else has
 * arrived meanwhile goes between them, however many came at once. A work calls `done` when it is over; one that does so at
 * once, before it returns, holds up none after it.
 */
export function fewAtOnce({ most, longest, apart, within }: Pace): (work: Work) => void {
  const waiting: Work[] = [];
  let underWay = 0;
  let planned = false;
  let startedAt = Number.NEGATIVE_INFINITY;

  function plan(): void {
    if (planned || waiting.length === 0 || underWay >= most) return;
    planned = true;
    const wait = startedAt + Math.min(apart, within / waiting.length) - performance.now();
    if (wait > 0) setTimeout(start, wait);
    else setImmediate(start);
  }

  function start(): void {
    planned = false;
    const work = waiting.shift();
    if (!work) return;
    underWay += 1;
    let over = false;
    const done = () => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      underWay -= 1;
      plan();
    };
    const timer = setTimeout(done, longest);
    work(done);
    if (!over) startedAt = performance.now();
    plan();
  }

  return (work) => {
    waiting.push(work);
    plan();
  };
}
