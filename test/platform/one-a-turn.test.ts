import { setImmediate as turn } from "node:timers/promises";
import { oneATurn } from "../../src/platform/one-a-turn";

describe("works that come at once", () => {
  it("start one in each turn of the event loop, in their order, and what came after them goes between", async () => {
    const inTurn = oneATurn();
    const seen: string[] = [];
    for (const name of ["a", "b", "c"]) inTurn(() => seen.push(name));
    expect(seen).toEqual([]);
    for (let i = 1; i <= 3; i++) {
      await turn();
      seen.push(`turn ${i}`);
    }
    expect(seen).toEqual(["a", "turn 1", "b", "turn 2", "c", "turn 3"]);
  });

  it("start again after all were done, also where one asks for another", async () => {
    const inTurn = oneATurn();
    const seen: string[] = [];
    inTurn(() => {
      seen.push("first");
      inTurn(() => seen.push("its own"));
    });
    await turn();
    await turn();
    inTurn(() => seen.push("later"));
    await turn();
    expect(seen).toEqual(["first", "its own", "later"]);
  });
});
