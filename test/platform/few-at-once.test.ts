import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";
import { fewAtOnce } from "../../src/platform/few-at-once";

const LONG = 60_000;

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
    const inTurn = fewAtOnce(10, LONG);
    for (const name of ["a", "b", "c"]) inTurn(named(name));
    expect(seen).toEqual([]);
    for (let i = 1; i <= 3; i++) {
      await turn();
      seen.push(`turn ${i}`);
    }
    expect(seen).toEqual(["a", "turn 1", "b", "turn 2", "c", "turn 3"]);
  });

  it("wait while as many as may are under way, and start when one is over", async () => {
    const inTurn = fewAtOnce(2, LONG);
    for (const name of ["a", "b", "c", "d"]) inTurn(named(name));
    await turns(5);
    expect(seen).toEqual(["a", "b"]);
    end("b");
    await turns(5);
    expect(seen).toEqual(["a", "b", "c"]);
  });

  it("make room once each, however often it is said that one is over", async () => {
    const inTurn = fewAtOnce(1, LONG);
    for (const name of ["a", "b", "c"]) inTurn(named(name));
    await turns(3);
    end("a");
    end("a");
    await turns(5);
    expect(seen).toEqual(["a", "b"]);
  });

  it("wait no longer for one that takes long", async () => {
    const inTurn = fewAtOnce(1, 1);
    for (const name of ["a", "b"]) inTurn(named(name));
    await turns(1);
    expect(seen).toEqual(["a"]);
    await pause(50);
    expect(seen).toEqual(["a", "b"]);
  });

  it("start again after all were over, also where one asks for another", async () => {
    const inTurn = fewAtOnce(1, LONG);
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
