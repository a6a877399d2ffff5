import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";
import { fewAtOnce, type Pace } from "../../src/platform/few-at-once";

const LONG = 60_000;

const pace = (given: Partial<Pace>) =>
  fewAtOnce({ most: 10, longest: LONG, apart: 0, within: LONG, ...given });

describe("works that come at once", () => {
  let seen: string[];
  let over: Map<string, () => void>;
  const named = (name: string) => (done: () => void) => {
    seen.push(name);
    over.set(name, done);
  };
  const end = (name: string) => over.get(name)?.();

  beforeEach(() => {
    seen = [];
    over = new Map();
  });

  afterEach(async () => {
    // Ending one may start another.
    for (const done of over.values()) {
      done();
      await turn();
    }
  });

  it("start one in each turn of the event loop, in their order, and what came after them goes between", async () => {
    const inTurn = pace({});
    for (const name of ["a", "b", "c"]) inTurn(named(name));
    expect(seen).toEqual([]);
    for (let i = 1; i <= 3; i++) {
      await turn();
      seen.push(`turn ${i}`);
    }
    expect(seen).toEqual(["a", "turn 1", "b", "turn 2", "c", "turn 3"]);
  });

  it("wait while as many as may are under way, and start when one is over", async () => {
    const inTurn = pace({ most: 2 });
    for (const name of ["a", "b", "c", "d"]) inTurn(named(name));
    await turns(5);
    expect(seen).toEqual(["a", "b"]);
    end("b");
    await turns(5);
    expect(seen).toEqual(["a", "b", "c"]);
  });

  it("make room once each, however often it is said that one is over", async () => {
    const inTurn = pace({ most: 1 });
    for (const name of ["a", "b", "c"]) inTurn(named(name));
    await turns(3);
    end("a");
    end("a");
    await turns(5);
    expect(seen).toEqual(["a", "b"]);
  });

  it("wait no longer for one that takes long", async () => {
    const inTurn = pace({ most: 1, longest: 1 });
    for (const name of ["a", "b"]) inTurn(named(name));
    await turns(1);
    expect(seen).toEqual(["a"]);
    await pause(50);
    expect(seen).toEqual(["a", "b"]);
  });

  it("start again after all were over, also where one asks for another", async () => {
    const inTurn = pace({ most: 1 });
    inTurn((done) => {
      seen.push("first");
      inTurn(named("its own"));
      done();
    });
    await turns(3);
    end("its own");
    inTurn(named("later"));
    await turns(3);
    expect(seen).toEqual(["first", "its own", "later"]);
  });
});

describe("the pace of works that come at once", () => {
  let began: number[];
  const soonOver = (done: () => void) => {
    began.push(performance.now());
    setImmediate(done);
  };

  beforeEach(() => {
    jest.useFakeTimers();
    began = [];
  });
  afterEach(() => jest.useRealTimers());

  it("keeps them apart, also where each is soon over", () => {
    const inTurn = pace({ apart: 10 });
    for (let i = 0; i < 4; i++) inTurn(soonOver);
    jest.advanceTimersByTime(100);
    expect(gaps(began)).toEqual([10, 10, 10]);
  });

  it("lets one that comes alone start at once, and one that comes soon after another wait for what is left", () => {
    const inTurn = pace({ apart: 10 });
    for (const after of [0, 25, 4]) {
      jest.advanceTimersByTime(after);
      inTurn(soonOver);
      jest.advanceTimersByTime(1);
    }
    jest.advanceTimersByTime(100);
    expect(gaps(began)).toEqual([26, 10]);
  });

  it("counts none that is over before it returns", () => {
    const inTurn = pace({ apart: 10 });
    inTurn(soonOver);
    for (let i = 0; i < 5; i++) inTurn((done) => done());
    inTurn(soonOver);
    jest.advanceTimersByTime(200);
    expect(gaps(began)[0]).toBeLessThan(20);
  });

  it("is quicker the more of them wait", () => {
    const inTurn = pace({ apart: 10, within: 100 });
    for (let i = 0; i < 21; i++) inTurn(soonOver);
    jest.advanceTimersByTime(1_000);
    expect(began).toHaveLength(21);
    // A timer runs for whole milliseconds.
    expect(gaps(began).slice(0, 3)).toEqual([5, 5, 5]);
    expect(gaps(began).slice(-10)).toEqual(Array.from({ length: 10 }, () => 10));
  });
});

const gaps = (times: number[]) => times.slice(1).map((at, i) => Math.round(at - (times[i] as number)));

async function turns(many: number): Promise<void> {
  for (let i = 0; i < many; i++) await turn();
}
