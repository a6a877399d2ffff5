/**
 * Starts works in the order they came, each in a turn of the event loop of its own, and only while fewer than `most` are
 * under way; one that has taken `longestMs` counts no more, so that what hangs holds up nobody for long. What else has
 * arrived meanwhile goes between them, however many came at once. A work calls `done` when it is over.
 */
export function fewAtOnce(most: number, longestMs: number): (work: (done: () => void) => void) => void {
  const waiting: ((done: () => void) => void)[] = [];
  let underWay = 0;
  let planned = false;

  function plan(): void {
    if (planned || waiting.length === 0 || underWay >= most) return;
    planned = true;
    setImmediate(start);
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
    const timer = setTimeout(done, longestMs);
    plan();
    work(done);
  }

  return (work) => {
    waiting.push(work);
    plan();
  };
}
