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

  it("start apart from each other, also where each is over at once", async () => {
    const inTurn = pace({ apart: 40 });
    const began: number[] = [];
    for (let i = 0; i < 4; i++)
      inTurn((done) => {
        began.push(performance.now());
        done();
      });
    await turns(5);
    expect(began).toHaveLength(1);
    await pause(40 * 3 + 100);
    const gaps = began.slice(1).map((at, i) => at - (began[i] as number));
    expect(gaps).toHaveLength(3);
    // A timer may be early by a fraction of a millisecond.
    for (const gap of gaps) expect(gap).toBeGreaterThan(38);
  });

  it("start one that comes alone at once", async () => {
    const inTurn = pace({ apart: 20 });
    inTurn(named("a"));
    await pause(30);
    inTurn(named("b"));
    await turns(1);
    expect(seen).toEqual(["a", "b"]);
  });

  it("start closer together the more of them wait", async () => {
    const inTurn = pace({ most: 1_000, apart: LONG, within: 100 });
    for (let i = 0; i < 100; i++) inTurn(named(String(i)));
    await pause(40);
    // With 100 waiting one a millisecond, and slower as they become fewer: the last alone waits for 100.
    expect(seen.length).toBeGreaterThan(5);
    await pause(1_500);
    expect(seen).toHaveLength(100);
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

async function turns(many: number): Promise<void> {
  for (let i = 0; i < many; i++) await turn();
}
