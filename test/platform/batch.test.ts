import { batched } from "../../src/platform/batch";

/** A `work` that is answered by hand; each call with what it was asked. */
function byHand() {
  const calls: { items: number[]; answer(answers: string[]): void; fail(error: Error): void }[] = [];
  const work = (items: number[]) =>
    new Promise<string[]>((resolve, reject) => calls.push({ items, answer: resolve, fail: reject }));
  return { calls, work };
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe("what is asked for within one turn of the event loop", () => {
  it("becomes one call, and each gets its own answer", async () => {
    const { calls, work } = byHand();
    const ask = batched(work, { most: 10, inFlight: 1 });
    const answers = Promise.all([ask(1), ask(2), ask(1)]);
    await turn();
    expect(calls.map(({ items }) => items)).toEqual([[1, 2, 1]]);
    calls[0]?.answer(["a", "b", "c"]);
    expect(await answers).toEqual(["a", "b", "c"]);
  });

  it("waits while as many calls as allowed are under way, and is asked for only then", async () => {
    const { calls, work } = byHand();
    const ask = batched(work, { most: 10, inFlight: 1 });
    const first = ask(1);
    await turn();
    const rest = [ask(2), ask(3)];
    await turn();
    expect(calls.length).toBe(1);
    calls[0]?.answer(["one"]);
    expect(await first).toBe("one");
    await turn();
    expect(calls.map(({ items }) => items)).toEqual([[1], [2, 3]]);
    calls[1]?.answer(["two", "three"]);
    expect(await Promise.all(rest)).toEqual(["two", "three"]);
  });

  it("is divided where it is more than one call may hold", async () => {
    const { calls, work } = byHand();
    const ask = batched(work, { most: 2, inFlight: 2 });
    const asked = [1, 2, 3, 4, 5].map(ask);
    await turn();
    expect(calls.map(({ items }) => items)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    for (const call of calls) call.answer(call.items.map(String));
    await turn();
    calls[2]?.answer(["5"]);
    expect(await Promise.all(asked)).toEqual(["1", "2", "3", "4", "5"]);
  });

  it("is divided among the calls that may be under way where many ask, and is not where few do", async () => {
    const { calls, work } = byHand();
    const ask = batched(work, { most: 100, inFlight: 2 });
    const answerOldest = async (n: number) => {
      calls[n]?.answer(calls[n].items.map(String));
      await turn();
    };
    const asked = Array.from({ length: 30 }, (_, i) => ask(i));
    await turn();
    expect(calls.map(({ items }) => items.length)).toEqual([15, 15]);
    asked.push(...Array.from({ length: 21 }, (_, i) => ask(30 + i)));
    await answerOldest(0);
    // Half of 21 who wait and 15 who are under way.
    expect(calls.map(({ items }) => items.length)).toEqual([15, 15, 18]);
    await answerOldest(1);
    expect(calls.map(({ items }) => items.length)).toEqual([15, 15, 18, 3]);
    await answerOldest(2);
    await answerOldest(3);
    asked.push(...Array.from({ length: 8 }, (_, i) => ask(51 + i)));
    await turn();
    expect(calls[4]?.items).toEqual([51, 52, 53, 54, 55, 56, 57, 58]);
    await answerOldest(4);
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 59 }, (_, i) => String(i)));
  });

  it("fails together with its call, and nothing else does", async () => {
    const { calls, work } = byHand();
    const ask = batched(work, { most: 10, inFlight: 1 });
    const failing = [ask(1), ask(2)].map((answer) => answer.catch((error: Error) => error.message));
    await turn();
    const later = ask(3);
    calls[0]?.fail(new Error("away"));
    expect(await Promise.all(failing)).toEqual(["away", "away"]);
    await turn();
    calls[1]?.answer(["back"]);
    expect(await later).toBe("back");
  });

  it("fails at once behind a call that found nobody to ask, instead of waiting for a failure of its own", async () => {
    const { calls, work } = byHand();
    const ask = batched(work, { most: 1, inFlight: 1, away: (error) => (error as Error).message === "away" });
    const asked = [ask(1), ask(2), ask(3)].map((answer) => answer.catch((error: Error) => error.message));
    await turn();
    calls[0]?.fail(new Error("away"));
    expect(await Promise.all(asked)).toEqual(["away", "away", "away"]);
    const later = ask(4);
    await turn();
    calls[1]?.answer(["back"]);
    expect(await later).toBe("back");
  });
});
