import { onceFor } from "../../src/base/once-for";

it("something is made once for each thing, also where what was made is nothing", () => {
  const asked: object[] = [];
  const make = onceFor((thing: { gives: string | undefined }) => {
    asked.push(thing);
    return thing.gives;
  });
  const [one, two] = [{ gives: "a" }, { gives: undefined }];
  expect([make(one), make(two), make(one), make(two)]).toEqual(["a", undefined, "a", undefined]);
  expect(asked).toEqual([one, two]);
});
