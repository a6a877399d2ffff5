type Waiting<Item, Answer> = {
  item: Item;
  resolve: (answer: Answer) => void;
  reject: (reason: unknown) => void;
};

// So few are not worth dividing: each call costs something of its own.
const TOGETHER_ANYWAY = 8;

/**
 * Gathers what is asked for within one turn of the event loop, and while `inFlight` calls are under way, into one call
 * of `work`, which answers in the order of its items, at most `most` at a time. More than eight are divided among the
 * calls that may be under way: those who are answered together ask together again, and while all of them waited for one
 * call there would be nothing to do here, and then nothing to do there. Nothing is remembered: a call starts
 * only after each of its items was asked for, so an answer is never older than the question. A call that fails fails
 * those it was made for, and nobody else; but where `away` says of its error that there is nobody to ask, those who wait
 * their turn behind it too: otherwise each would wait for a failure of its own.
 */
export function batched<Item, Answer>(
  work: (items: Item[]) => Promise<Answer[]>,
  { most, inFlight, away }: { most: number; inFlight: number; away?: (error: unknown) => boolean },
): (item: Item) => Promise<Answer> {
  const waiting: Waiting<Item, Answer>[] = [];
  let underWay = 0;
  let itemsUnderWay = 0;
  let planned = false;

  function plan(): void {
    if (planned || waiting.length === 0 || underWay >= inFlight) return;
    planned = true;
    setImmediate(start);
  }

  async function start(): Promise<void> {
    planned = false;
    const mine = waiting.splice(0, Math.min(most, share()));
    underWay += 1;
    itemsUnderWay += mine.length;
    plan();
    try {
      const answers = await work(mine.map(({ item }) => item));
      for (const [i, { resolve }] of mine.entries()) resolve(answers[i] as Answer);
    } catch (error) {
      const failed = away?.(error) ? [...mine, ...waiting.splice(0)] : mine;
      for (const { reject } of failed) reject(error);
    } finally {
      underWay -= 1;
      itemsUnderWay -= mine.length;
      plan();
    }
  }

  function share(): number {
    return Math.max(TOGETHER_ANYWAY, Math.ceil((waiting.length + itemsUnderWay) / inFlight));
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      plan();
    });
}
